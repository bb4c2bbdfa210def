import { NextResponse } from 'next/server';
import { failureOf } from '#lib/action.ts';
import { requireAdmin } from '#lib/auth.ts';
import { asBackupError, BackupError } from '#lib/backup/errors.ts';
import { readBackup } from '#lib/catalog/read.ts';
import { liveView } from '../../../../admin/backups/_lib/live.ts';

const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

/** How far an open backup is; its page asks once a second. For administrators, read with the caller's own token. */
export async function GET(_request: Request, { params }: RouteContext<'/api/backups/[id]/progress'>): Promise<Response> {
  try {
    const { client } = await requireAdmin();
    const { id } = await params;
    const backup = await readBackup(client, id);
    if (backup === null) throw new BackupError('BACKUP_NOT_FOUND', id);
    return NextResponse.json(liveView(backup, Date.now()), { headers: HEADERS });
  } catch (error) {
    return NextResponse.json({ error: failureOf(error) }, { status: asBackupError(error).httpStatus, headers: HEADERS });
  }
}
