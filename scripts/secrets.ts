import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generateApiKey } from '@supabase/lite';
import * as z from 'zod';

const Secrets = z.object({
  postgresPassword: z.string(),
  jwtSecret: z.string(),
  publishableKey: z.string(),
  secretKey: z.string(),
  runnerSecret: z.string(),
});

/** Keys and passwords of the embedded project. */
export type Secrets = z.infer<typeof Secrets>;

/** An account of the first start. */
export type SignIn = { readonly email: string; readonly password: string; readonly role: 'global_admin' | 'member' };

/** Made at the first start and kept in the data folder, readable by its owner alone, so that keys and sessions survive a restart. */
export async function loadSecrets(dataFolder: string): Promise<Secrets> {
  const file = join(dataFolder, 'secrets.json');
  if (!existsSync(file)) {
    const made: Secrets = {
      postgresPassword: randomBytes(24).toString('base64url'),
      jwtSecret: randomBytes(48).toString('base64url'),
      publishableKey: (await generateApiKey('publishable')).key,
      secretKey: (await generateApiKey('secret')).key,
      runnerSecret: randomBytes(32).toString('hex'),
    };
    writePrivately(file, `${JSON.stringify(made, null, 2)}\n`);
  }
  return Secrets.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** Where the sign-ins stand, for people to read. */
export function signInsFile(dataFolder: string): string {
  return join(dataFolder, 'sign-ins.txt');
}

/** The two accounts of the first start; their passwords are made once and kept in `signInsFile`. */
export function loadSignIns(dataFolder: string): SignIn[] {
  const file = signInsFile(dataFolder);
  if (!existsSync(file)) {
    const line = (email: string, role: SignIn['role']) => `${email}  ${randomBytes(12).toString('base64url')}  ${role}\n`;
    const text = 'E-mail, password and role of the accounts that the first start made. A password changed later is not written here.\n\n';
    writePrivately(file, text + line('admin@kanzlei.example', 'global_admin') + line('member@kanzlei.example', 'member'));
  }
  const lines = readFileSync(file, 'utf8').matchAll(/^(\S+@\S+) {2}(\S+) {2}(\S+)$/gm);
  return [...lines].map(([, email = '', password = '', role]) => ({ email, password, role: role === 'global_admin' ? role : 'member' }));
}

/** The file appears whole and readable by its owner alone. */
function writePrivately(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
