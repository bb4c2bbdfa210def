'use server';

import { revalidatePath } from 'next/cache';
import * as z from 'zod';
import { adminAction, formOf } from '#lib/action.ts';
import { askForBackup } from '#lib/runner/ask.ts';

const AskForm = formOf(z.object({ nonce: z.uuid() }));

/** Asks for a backup. The same nonce asks once, however often it is sent; while one is open, that one is the answer. */
export const backUpNow = adminAction
  .metadata({ action: 'backup.ask' })
  .inputSchema(AskForm)
  .stateAction(async ({ parsedInput, ctx }) => {
    const asked = await askForBackup({ id: ctx.admin.id, email: ctx.admin.email }, parsedInput.nonce);
    revalidatePath('/admin/backups');
    return asked;
  });
