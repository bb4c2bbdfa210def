import { execFileSync } from 'node:child_process';
import { chownSync, lchownSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BackupError } from '#lib/backup/errors.ts';

/** How a server program is started: directly, or as another user. */
export type Launch = { readonly command: string; readonly options: readonly string[]; readonly uid?: number; readonly gid?: number };

const OS_USER = 'postgres';

// Postgres refuses to run as root. Started as OS user `postgres` it must get at binaries and data that may lie below a
// folder only root can enter (a checkout in /root, mode 0700): the capability lets it read and traverse, and nothing that
// is not its own be written. `no_setuid_fixup` keeps it over the change of user (without it initdb fails in access()).
const AS_OS_USER = [
  `--reuid=${OS_USER}`,
  `--regid=${OS_USER}`,
  '--clear-groups',
  '--securebits=+no_setuid_fixup',
  '--inh-caps=+dac_read_search',
  '--ambient-caps=+dac_read_search',
];

// The kernel ends the server when this process is gone, however it went: a killed start leaves no server behind.
const DIES_WITH_PARENT = '--pdeathsig=INT';

/**
 * The way to start a server program as this user: directly for a plain user, as OS user `postgres` (created when it
 * is missing) for root. Errors: SERVER_NOT_STARTED when root has neither such a user nor the means to create one.
 */
export function launch(program: string, options: readonly string[]): Launch {
  const account = serverAccount();
  const asUser = account === null ? [] : AS_OS_USER;
  for (const flags of [[...asUser, DIES_WITH_PARENT], [...asUser]]) {
    if (flags.length > 0 && canSetpriv(flags)) return { command: 'setpriv', options: [...flags, program, ...options] };
  }
  return { command: program, options, ...account };
}

/** Gives the folder and all in it to the user that the server runs as. Nothing happens when it has it already, or for a plain user. */
export function giveToServer(folder: string): void {
  const account = serverAccount();
  if (account === null || statSync(folder).uid === account.uid) return;
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) lchownSync(join(folder, path), account.uid, account.gid);
  chownSync(folder, account.uid, account.gid);
}

let account: { readonly uid: number; readonly gid: number } | null | undefined;

function serverAccount(): { readonly uid: number; readonly gid: number } | null {
  if (account === undefined) account = process.getuid?.() === 0 ? findOrCreateOsUser() : null;
  return account;
}

function findOrCreateOsUser(): { readonly uid: number; readonly gid: number } {
  const found = osUser();
  if (found !== null) return found;
  try {
    execFileSync('groupadd', ['--system', '--force', OS_USER], { stdio: 'pipe' });
    execFileSync('useradd', ['--system', '--gid', OS_USER, '--no-create-home', '--shell', '/usr/sbin/nologin', OS_USER], { stdio: 'pipe' });
  } catch (cause) {
    const detail = `Postgres does not run as root, and the OS user "${OS_USER}" could not be created. Create it (useradd --system ${OS_USER}), or start as another user.`;
    throw new BackupError('SERVER_NOT_STARTED', detail, { cause });
  }
  const created = osUser();
  if (created === null) throw new BackupError('SERVER_NOT_STARTED', `The OS user "${OS_USER}" was created but is not found.`);
  return created;
}

function osUser(): { readonly uid: number; readonly gid: number } | null {
  try {
    const id = (flag: string) => Number(execFileSync('id', [flag, OS_USER], { stdio: 'pipe', encoding: 'utf8' }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return null;
  }
}

const tried = new Map<string, boolean>();

function canSetpriv(flags: readonly string[]): boolean {
  const key = flags.join(' ');
  const known = tried.get(key);
  if (known !== undefined) return known;
  const works = runs('setpriv', [...flags, 'true']);
  tried.set(key, works);
  return works;
}

function runs(command: string, options: readonly string[]): boolean {
  try {
    execFileSync(command, options, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
