import { writeAudit } from '#lib/catalog/write.ts';
import { workplace } from './workplace.ts';

/** Writes down that somebody tried what they may not: null is a visitor who is not signed in. `from`: their network address. */
export async function recordRefusal(who: { id: string; email: string } | null, action: string, from: string): Promise<void> {
  const { catalog } = await workplace();
  await writeAudit(catalog, who ?? { id: null, email: 'not signed in' }, { action: `${action}.refused`, object: null, detail: {}, from });
}
