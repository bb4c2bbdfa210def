import { redirect } from 'next/navigation';

/** The console begins with the backups. */
export default function HomePage(): never {
  redirect('/admin/backups');
}
