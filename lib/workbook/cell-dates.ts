/**
 * Dates as Excel's serial numbers: days since 1899-12-30, with the time of day as a fraction. Only 1900-03-01 … 9999-12-30:
 * before, Excel counts a day that never was (29 February 1900); a time on the last day could round past the end.
 */
const FIRST_SERIAL = 61;
const LAST_SERIAL = 2_958_464;

/** Days from 1899-12-30 to 1970-01-01. */
const EPOCH_SERIAL = 25_569;

const MINUS = 45;
const PLUS = 43;
const ZERO = 48;
const MICROSECONDS_A_DAY = 86_400_000_000;

/** `2024-02-29` → its serial. Returns where it ends, or -1: not in Excel's calendar (infinity, BC, far years). */
export function writeDate(source: Buffer, from: number, stop: number, out: Buffer, at: number): number {
  if (stop - from !== 10) return -1;
  const serial = serialOf(source, from);
  return serial < 0 ? -1 : writeInteger(out, at, serial);
}

/** `2024-02-29 13:45:00.123456`, or with a zone suffix of `zoneLength` bytes that must be `+00`. Returns as `writeDate`. */
export function writeTimestamp(source: Buffer, from: number, stop: number, zoneLength: number, out: Buffer, at: number): number {
  const end = stop - zoneLength;
  if (end - from < 19 || end - from > 26) return -1;
  if (zoneLength > 0 && (source[end] !== PLUS || source[end + 1] !== ZERO || source[end + 2] !== ZERO)) return -1;
  const serial = serialOf(source, from);
  if (serial < 0) return -1;
  const microseconds = microsecondsOf(source, from + 11, end);
  if (microseconds < 0) return -1;
  return writeFraction(out, writeInteger(out, at, serial), microseconds);
}

/** `13:45:00.123456` → a fraction of a day. `24:00:00` is the next day to Excel: -1. */
export function writeTime(source: Buffer, from: number, stop: number, out: Buffer, at: number): number {
  if (stop - from < 8 || stop - from > 15) return -1;
  const microseconds = microsecondsOf(source, from, stop);
  if (microseconds < 0 || microseconds >= MICROSECONDS_A_DAY) return -1;
  out[at] = ZERO;
  return writeFraction(out, at + 1, microseconds);
}

/** Days by the civil calendar (Hinnant, "chrono-Compatible Low-Level Date Algorithms"), or -1 outside of Excel's. */
function serialOf(source: Buffer, at: number): number {
  if (source[at + 4] !== MINUS || source[at + 7] !== MINUS) return -1;
  const year = two(source, at) * 100 + two(source, at + 2);
  const month = two(source, at + 5);
  const day = two(source, at + 8);
  const y = month <= 2 ? year - 1 : year;
  const era = (y / 400) | 0;
  const yearOfEra = y - era * 400;
  const dayOfYear = (((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) | 0) + day - 1;
  const dayOfEra = yearOfEra * 365 + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0) + dayOfYear;
  const serial = era * 146_097 + dayOfEra - 719_468 + EPOCH_SERIAL;
  return serial >= FIRST_SERIAL && serial <= LAST_SERIAL ? serial : -1;
}

function two(source: Buffer, at: number): number {
  return (source[at] - ZERO) * 10 + source[at + 1] - ZERO;
}

/** Microseconds of `hh:mm:ss[.ffffff]`, or -1 when anything but digits stands there (a BC suffix). */
function microsecondsOf(source: Buffer, at: number, end: number): number {
  let fraction = 0;
  let scale = 100_000;
  for (let k = at + 9; k < end; k++) {
    const digit = source[k] - ZERO;
    if (digit < 0 || digit > 9) return -1;
    fraction += digit * scale;
    scale = (scale / 10) | 0;
  }
  if (end - at > 8 && source[at + 8] !== 46) return -1;
  return (two(source, at) * 3600 + two(source, at + 3) * 60 + two(source, at + 6)) * 1_000_000 + fraction;
}

function writeInteger(out: Buffer, at: number, value: number): number {
  let count = 1;
  for (let limit = 10; value >= limit; limit *= 10) count++;
  let rest = value;
  for (let k = count - 1; k >= 0; k--) {
    const tenth = (rest / 10) | 0;
    out[at + k] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return at + count;
}

/**
 * `.` and twelve decimals without trailing zeros; nothing for midnight. A microsecond is 1/86,400,000,000 of a day, so
 * round(µs·625/54) is the fraction in 10^-12 days, in integers: two microseconds never meet.
 */
function writeFraction(out: Buffer, at: number, microseconds: number): number {
  if (microseconds === 0) return at;
  const fraction = Math.round((microseconds * 625) / 54);
  const high = Math.floor(fraction / 1_000_000);
  out[at] = 46; // .
  writeSix(out, at + 1, high);
  writeSix(out, at + 7, fraction - high * 1_000_000);
  let end = at + 13;
  while (out[end - 1] === ZERO) end--;
  return end;
}

function writeSix(out: Buffer, at: number, value: number): void {
  let rest = value;
  for (let k = 5; k >= 0; k--) {
    const tenth = (rest / 10) | 0;
    out[at + k] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
}
