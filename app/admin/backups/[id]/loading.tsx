import { Bone } from '../_components/skeleton.tsx';

/** Places of the final size while a backup's page is read. */
export default function BackupLoading() {
  return (
    <div className="grid items-start gap-6 lg:grid-cols-2" role="status" aria-label="Reading the backup">
      <Bone className="h-80 rounded-lg" />
      <Bone className="h-96 rounded-lg" />
    </div>
  );
}
