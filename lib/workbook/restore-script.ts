/** `backup/restore.py`: restores a workbook with Python's standard library and psql, where this product is not at hand. */
export const RESTORE_SCRIPT = `#!/usr/bin/env python3
"""Restores a backup into an empty database, with psql and nothing else. All or nothing: one transaction.

    unzip -p BACKUP.xlsx backup/restore.py > restore.py
    python3 restore.py BACKUP.xlsx postgres://user:password@host:5432/database
"""
import json, os, subprocess, sys, zipfile, zlib


def name(text):
    return '"' + text.replace('"', '""') + '"'


def text(value):
    return "'" + value.replace("'", "''") + "'"


def restore(book, target):
    try:
        archive = zipfile.ZipFile(book)
    except (OSError, zipfile.BadZipFile) as error:
        sys.exit("%s cannot be read: %s" % (book, error))
    try:
        manifest = json.loads(archive.read("backup/manifest.json"))
    except KeyError:
        sys.exit("This file has no backup parts: it is another workbook, or one that a spreadsheet program saved again.")
    if manifest["format"] != 1:
        sys.exit("This backup has format %s; this script knows format 1." % manifest["format"])
    settings = "-c datestyle=ISO,YMD -c intervalstyle=postgres -c lc_monetary=C -c client_encoding=UTF8 -c standard_conforming_strings=on"
    environment = dict(os.environ, PGOPTIONS=settings, PGCLIENTENCODING="UTF8")
    command = ["psql", target, "-X", "-q", "-v", "ON_ERROR_STOP=1"]
    version = subprocess.run(command + ["-Atc", "show server_version_num"], env=environment, stdout=subprocess.PIPE).stdout.strip()
    if not version:
        sys.exit("The target cannot be reached. Nothing was restored.")
    if int(version) // 10000 < manifest["server"]["versionNumber"] // 10000:
        print("Mind: the backup comes from PostgreSQL %s, the target has %d." % (manifest["server"]["version"], int(version) // 10000))
    psql = subprocess.Popen(command + ["--single-transaction", "-o", os.devnull, "-f", "-"], stdin=subprocess.PIPE, env=environment)
    say = lambda line: psql.stdin.write((line + "\\n").encode())
    total = 0
    try:
        for role in manifest["inventory"]["roles"]:
            say("select 'create role %s' where not exists (select from pg_roles where rolname = %s) \\\\gexec" % (name(role).replace("'", "''"), text(role)))
        made = {"pg_catalog", "public"} | set(manifest["schema"]["covered"])  # the definitions make these
        for schema in sorted({e["schema"] for e in manifest["inventory"]["extensions"]} - made):
            say("create schema if not exists %s;" % name(schema))
        psql.stdin.write(archive.read("backup/stand-in.sql"))  # does nothing in a Supabase project
        psql.stdin.write(archive.read("backup/schema-pre.sql"))
        for table in manifest["tables"]:
            label = name(table["schema"]) + "." + name(table["name"])
            columns = ", ".join(name(c["name"]) for c in table["columns"] if not c["isGenerated"])
            rows = 0
            say("copy %s %s from stdin;" % (label, "(%s)" % columns if columns else ""))
            for part in table["parts"]:
                with archive.open(part["name"]) as stream:  # zipfile checks the part's CRC at its end
                    for block in iter(lambda: stream.read(1 << 20), b""):
                        rows += block.count(b"\\n")
                        psql.stdin.write(block)
            say("\\\\.")
            total += rows
            if rows != table["rows"]:
                sys.exit("%s: %d rows in the file, %d in the manifest. Nothing was restored." % (label, rows, table["rows"]))
        psql.stdin.write(archive.read("backup/sequences.sql"))
        psql.stdin.write(archive.read("backup/schema-post.sql"))
        psql.stdin.close()
    except BrokenPipeError:
        pass
    except BaseException as error:  # psql would take the end of its input for the end of the work, and commit
        psql.kill()
        if isinstance(error, (zipfile.BadZipFile, zlib.error, EOFError, KeyError)):
            sys.exit("The file is damaged: %s. Nothing was restored." % error)
        raise
    if psql.wait() != 0:
        sys.exit("psql stopped: nothing was restored. Its message stands above.")
    print("restored: %d tables, %d rows" % (len(manifest["tables"]), total))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    restore(sys.argv[1], sys.argv[2])
`;
