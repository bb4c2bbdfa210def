const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A whole number with the reader's thousands separator. */
export function formatCount(count: number, locale: string): string {
  return numberFormat(locale, { maximumFractionDigits: 0 }).format(count);
}

/** Bytes in decimal units with three significant digits: `812 B`, `1.24 MB`, `10.5 GB`. */
export function formatBytes(sizeBytes: number, locale: string): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = Math.abs(sizeBytes);
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  const number = numberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
  return `${sizeBytes < 0 ? '−' : ''}${number} ${units[unit]}`;
}

/** How much larger or smaller than before, in percent: `+3.1 %`, `−40 %`, `±0 %`. Null when there is nothing to compare with. */
export function formatChange(now: number, before: number | null, locale: string): string | null {
  if (before === null || before === 0) return null;
  const percent = ((now - before) / before) * 100;
  if (Math.abs(percent) < 0.05) return '±0 %';
  const number = numberFormat(locale, { maximumFractionDigits: Math.abs(percent) < 10 ? 1 : 0 }).format(Math.abs(percent));
  return `${percent < 0 ? '−' : '+'}${number} %`;
}

/** A length of time in its two largest units: `0.8 s`, `42 s`, `6 min 10 s`, `2 h 5 min`, `3 days`. */
export function formatDuration(durationMs: number, locale: string): string {
  const ms = Math.max(0, durationMs);
  if (ms < 10 * SECOND_MS) return `${numberFormat(locale, { maximumFractionDigits: 1 }).format(ms / SECOND_MS)} s`;
  if (ms < MINUTE_MS) return `${Math.round(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return two(ms, MINUTE_MS, 'min', SECOND_MS, 's');
  if (ms < 2 * DAY_MS) return two(ms, HOUR_MS, 'h', MINUTE_MS, 'min');
  return `${Math.round(ms / DAY_MS)} days`;
}

function two(ms: number, largeMs: number, large: string, smallMs: number, small: string): string {
  const whole = Math.floor(ms / largeMs);
  const rest = Math.floor((ms % largeMs) / smallMs);
  return rest === 0 ? `${whole} ${large}` : `${whole} ${large} ${rest} ${small}`;
}

/** How long ago, or until when, in one unit: `just now`, `40 s ago`, `2 h ago`, `3 days ago`, `in 5 min`. */
export function formatRelative(at: Date, nowMs: number): string {
  const differenceMs = nowMs - at.getTime();
  const length = age(Math.abs(differenceMs));
  if (length === null) return 'just now'; // clocks differ by a little: a moment ago may seem to lie ahead
  return differenceMs >= 0 ? `${length} ago` : `in ${length}`;
}

/** A length of time in one unit, rounded down: `40 s`, `2 h`, `1 day`. Null below five seconds. */
export function age(ms: number): string | null {
  if (ms < 5 * SECOND_MS) return null;
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < 2 * DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`;
  return `${Math.floor(ms / DAY_MS)} days`;
}

/** Date and time to the minute: `24 Nov 2026, 02:00`. Without `timeZone` in the zone of the machine it runs on. */
export function formatMoment(at: Date, locale: string, timeZone?: string): string {
  return dateFormat(locale, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZone,
  }).format(at);
}

/** The time of day to the second: `14:40:12`. */
export function formatClock(at: Date, locale: string, timeZone?: string): string {
  return dateFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit', timeZone }).format(at);
}

/** Date and time to the second with the zone: what a report or a ticket needs. */
export function formatMomentFully(at: Date, locale: string, timeZone?: string): string {
  return dateFormat(locale, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
    timeZone,
  }).format(at);
}

// Making a formatter costs a hundred times what using it does, and a page says hundreds of numbers. The locale is the
// reader's own header: only so many are kept.
const LIMIT = 200;
const numberFormats = new Map<string, Intl.NumberFormat>();
const dateFormats = new Map<string, Intl.DateTimeFormat>();

function numberFormat(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return kept(numberFormats, locale + JSON.stringify(options), () => new Intl.NumberFormat(locale, options));
}

function dateFormat(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return kept(dateFormats, locale + JSON.stringify(options), () => new Intl.DateTimeFormat(locale, options));
}

function kept<T>(formats: Map<string, T>, key: string, make: () => T): T {
  const known = formats.get(key);
  if (known !== undefined) return known;
  if (formats.size >= LIMIT) formats.clear();
  const made = make();
  formats.set(key, made);
  return made;
}
