import * as z from 'zod';
import { BACKUP_ERRORS } from '#lib/backup/errors.ts';

const Refused = z.object({
  download: z.string().refine((code) => Object.hasOwn(BACKUP_ERRORS, code)),
  reference: z.string().regex(/^[0-9a-f]{8}$/),
});

/** Why the download that was just asked for could not begin, from the address that the download route sends the browser back to. */
export function refusedDownload(search: unknown) {
  const { data } = Refused.safeParse(search);
  if (data === undefined) return null;
  for (const [code, entry] of Object.entries(BACKUP_ERRORS)) {
    if (code === data.download) return { code, title: entry.title, hint: entry.hint, detail: '', reference: data.reference };
  }
  return null;
}
