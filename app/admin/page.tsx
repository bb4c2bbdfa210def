import { redirect } from 'next/navigation';

/** The console begins with the backups. */
export default function AdminPage(): never {
  redirect('/admin/backups');
}
