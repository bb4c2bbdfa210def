import { classes } from '../../../_lib/classes.ts';

/** A grey place of the final size. */
export function Bone({ className }: { className?: string }) {
  return <span aria-hidden="true" className={classes('block animate-pulse rounded-md bg-hover', className)} />;
}
