/** Excel keeps 15 significant digits: with more it would show another number (Microsoft, "Excel specifications and limits"). */
const MAX_DIGITS = 15;

const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const LOWER_E = 101;

/**
 * Whether Excel shows the number as the database does: at most 15 significant digits (leading zeros do not count, trailing
 * ones do), between 2.2e-308 and 9.99e307, not NaN, ±Infinity or -0.
 */
export function isPlainNumber(source: Buffer, from: number, stop: number): boolean {
  let at = source[from] === MINUS ? from + 1 : from;
  const isNegative = at > from;
  let digits = 0;
  let zerosAfterPoint = 0;
  let isAfterPoint = false;
  let digitsBeforePoint = 0;
  for (; at < stop; at++) {
    const c = source[at];
    if (c >= ZERO && c <= NINE) {
      if (digits > 0 || c !== ZERO) {
        digits++;
        if (!isAfterPoint) digitsBeforePoint++;
      } else if (isAfterPoint) zerosAfterPoint++;
    } else if (c === POINT) isAfterPoint = true;
    else if (c === LOWER_E) return digits <= MAX_DIGITS && isInRange(source.toString('latin1', from, stop));
    else return false; // NaN, Infinity
  }
  if (digits === 0) return !isNegative;
  return digits <= MAX_DIGITS && digitsBeforePoint <= MAX_DIGITS && zerosAfterPoint < 300;
}

function isInRange(text: string): boolean {
  const size = Math.abs(Number(text));
  return size >= 2.2e-308 && size <= 9.99e307;
}
