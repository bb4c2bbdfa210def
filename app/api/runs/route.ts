import { after, NextResponse } from 'next/server';
import { failureOf } from '#lib/action.ts';
import { requestFrom } from '#lib/auth.ts';
import { asBackupError } from '#lib/backup/errors.ts';
import { knock } from '#lib/runner/door.ts';

/**
 * The machine door: a scheduler elsewhere (header `x-backup-runner`) says that there may be work. Answers 202 at once and nothing
 * more, whatever becomes of it: the catalog tells. The body is not read.
 */
export async function POST(request: Request): Promise<Response> {
  try {
    after(await knock(request.headers.get('x-backup-runner'), await requestFrom()));
    return NextResponse.json({ accepted: true }, { status: 202, headers: { 'cache-control': 'no-store' } });
  } catch (error) {
    const { code, title, hint, reference } = failureOf(error);
    return NextResponse.json({ error: { code, title, hint, reference } }, { status: asBackupError(error).httpStatus });
  }
}
