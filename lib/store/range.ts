import type { ByteRange } from './store.ts';

/** Throws RangeError, a fault of the caller, unless both ends are whole numbers and `0 <= start <= end`. */
export function assertRange(range: ByteRange | undefined): void {
  if (range === undefined) return;
  const { start, end } = range;
  const isFit = Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end >= start;
  if (!isFit) throw new RangeError(`not a range of bytes: ${start} to ${end}`);
}
