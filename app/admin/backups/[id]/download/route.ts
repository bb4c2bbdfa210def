import { NextResponse } from 'next/server';
import * as z from 'zod';
import { auditRefusal, failureOf } from '#lib/action.ts';
import { requestFrom, requireAdmin } from '#lib/auth.ts';
import { asBackupError, BackupError } from '#lib/backup/errors.ts';
import { readBackup } from '#lib/catalog/read.ts';
import { openDownload } from '#lib/runner/download.ts';

const WORKBOOK = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const Form = z.object({ id: z.uuid(), reason: z.string().trim().min(3).max(500) });

/**
 * Streams a backup's workbook. Only for an administrator, only from a page of this console, only with a reason; the runner
 * writes the audit row before the first byte. Next strips content-length, so the size travels as x-file-size.
 */
export async function POST(request: Request, { params }: RouteContext<'/admin/backups/[id]/download'>): Promise<Response> {
  const { id } = await params;
  try {
    return await download(request, id);
  } catch (error) {
    await auditRefusal(error, 'backup.download');
    return refuse(request, id, error);
  }
}

async function download(request: Request, id: string): Promise<Response> {
  if (!isSameOrigin(request)) throw new BackupError('FOREIGN_ORIGIN');
  const { client, ...admin } = await requireAdmin();
  const form = Form.safeParse({ id, reason: (await request.formData()).get('reason') });
  if (!form.success) throw new BackupError('INPUT_INVALID', 'a reason of 3 to 500 characters is needed');
  // Read with the caller's own token first: what row-level security hides is not there.
  if ((await readBackup(client, form.data.id)) === null) throw new BackupError('BACKUP_NOT_FOUND', form.data.id);
  const file = await openDownload(admin, form.data.id, form.data.reason, await requestFrom());
  return new Response(file.body, {
    headers: {
      'content-type': WORKBOOK,
      'content-disposition': `attachment; filename="${file.filename.replaceAll(/[^\w.-]/g, '_')}"`,
      'x-file-size': String(file.sizeBytes),
      ...(file.sha256 === null ? {} : { 'x-file-sha256': file.sha256 }),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
  });
}

/** Browsers send the page's origin with every POST. A request without one is no browser's form, and refused as well. */
function isSameOrigin(request: Request): boolean {
  const origin = request.headers.get('origin');
  if (origin === null || !URL.canParse(origin)) return false;
  return new URL(origin).host === (request.headers.get('x-forwarded-host') ?? request.headers.get('host'));
}

/** A browser goes back to the page, which says why; anything else gets the words as JSON with the status. */
function refuse(request: Request, id: string, error: unknown): Response {
  const failure = failureOf(error);
  const { httpStatus, code } = asBackupError(error);
  const isPage =
    request.headers.get('sec-fetch-mode') === 'navigate' &&
    isSameOrigin(request) &&
    httpStatus !== 401 &&
    httpStatus !== 403 &&
    code !== 'BACKUP_NOT_FOUND';
  if (!isPage) return NextResponse.json({ error: failure }, { status: httpStatus, headers: { 'cache-control': 'no-store' } });
  const query = new URLSearchParams({ download: failure.code, reference: failure.reference });
  return new Response(null, { status: 303, headers: { location: `/admin/backups/${id}?${query.toString()}` } });
}
