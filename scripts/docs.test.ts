import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BACKUP_ERRORS } from '#lib/backup/errors.ts';

const ROOT = resolve(import.meta.dirname, '..');
const DOCS = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT });
/** Names of other programs that our documents may mention. */
const FOREIGN_NAMES = ['LC_ALL', 'NODE_ENV', 'ON_ERROR_STOP', 'FORCE_COLOR', 'SECURITY_DEFINER', 'NO_COLOR'];
const TOP = 'app|lib|scripts|supabase|tests|docs|public|\\.ci';

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const namesIn = (text: string, pattern: RegExp) => [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))];
/** What stands in `code` or in a fenced block: there a name is meant literally. */
const codeIn = (text: string) => [...text.matchAll(/```[^\n]*\n([\s\S]*?)```|`([^`\n]+)`/g)].map((match) => match[1] ?? match[2] ?? '');

const scripts: Record<string, string> = JSON.parse(read('package.json')).scripts;
const environment = new Set(
  globSync(
    [
      'lib/env.ts',
      '.env.example',
      'scripts/*.{ts,mjs}',
      'tests/support/*.ts',
      'playwright.config.ts',
      '.ci/run',
      'supabase/functions/*/index.ts',
    ],
    { cwd: ROOT },
  ).flatMap((file) => namesIn(read(file), /\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)\b/g)),
);

describe.each(DOCS)('%s is true:', (doc) => {
  const text = read(doc);

  it('every npm script that it names exists', () => {
    const named = namesIn(text, /npm run ([a-z][a-z-]*)/g).concat(/npm (?:run )?start\b/.test(text) ? ['start'] : []);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('every file and folder that it names exists', () => {
    const paths = codeIn(text).flatMap((code) => namesIn(code, new RegExp(`(?<![\\w./#<-])((?:${TOP})/[\\w./()\\[\\]*{},-]*)`, 'g')));
    const isThere = (path: string) => existsSync(join(ROOT, path)) || (/[*{]/.test(path) && globSync(path, { cwd: ROOT }).length > 0);
    expect(paths.map((path) => path.replace(/[.,:)]+$/, '')).filter((path) => !isThere(path))).toEqual([]);
  });

  it('every link to a file leads somewhere', () => {
    const targets = namesIn(text, /\]\((?!https?:|#|mailto:)([^)#\s]+)/g).concat(namesIn(text, /<img[^>]* src="(?!https?:)([^"]+)"/g));
    expect(targets.filter((target) => !existsSync(join(ROOT, dirname(doc), target)))).toEqual([]);
  });

  it('every variable and error code that it names exists', () => {
    const code = codeIn(text);
    const alone = code.filter((word) => /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(word));
    const set = code.flatMap((words) => namesIn(words, /(?:^|\s)([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)=/gm));
    const isKnown = (name: string) => name in BACKUP_ERRORS || environment.has(name) || FOREIGN_NAMES.includes(name);
    expect([...new Set([...alone, ...set])].filter((name) => !isKnown(name))).toEqual([]);
  });
});

describe('docs/operations.md', () => {
  it.skipIf(!DOCS.includes('docs/operations.md'))('has an entry for every error code', () => {
    const text = DOCS.includes('docs/operations.md') ? read('docs/operations.md') : '';
    expect(Object.keys(BACKUP_ERRORS).filter((code) => !text.includes(code))).toEqual([]);
  });
});
