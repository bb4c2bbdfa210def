import { type Actor, writeAudit } from '#lib/catalog/write.ts';
import { logError } from './log.ts';
import { workplace } from './workplace.ts';

/** The log can only grow, and anybody can be refused: of one action no more than so many rows a minute are written. */
const ROWS_A_MINUTE = 10;
const MINUTE_MS = 60_000;

/** A minute of one action: its rows, and how many were refused without one. `summary` is armed while there are such. */
type Minute = { endsAt: number; rows: number; suppressed: number; summary: NodeJS.Timeout | null };

declare global {
  // Next loads this module more than once: they all count together.
  var backupModeRefusals: Map<string, Minute> | undefined;
}

/**
 * Writes down that somebody tried what they may not: null is a visitor who is not signed in. `from`: their network address. Past ten
 * rows of an action in a minute it counts; the count is in the next row, as `suppressed`. @throws what writing the row throws
 */
export async function recordRefusal(who: { id: string; email: string } | null, action: string, from: string): Promise<void> {
  const minute = minuteOf(action);
  if (minute.rows < ROWS_A_MINUTE) return write(minute, who ?? { id: null, email: 'not signed in' }, action, from);
  minute.suppressed += 1;
  minute.summary ??= setTimeout(() => void summarize(action), minute.endsAt - performance.now() + 1).unref();
}

/** The row of a minute that had more: it is the next minute's first. */
async function summarize(action: string): Promise<void> {
  const minute = minuteOf(action);
  minute.summary = null;
  if (minute.suppressed === 0) return;
  try {
    await write(minute, { id: null, email: 'system@paliad' }, action, null);
  } catch (error) {
    logError(`write to the audit log how often ${action} was refused`, error);
  }
}

async function write(minute: Minute, who: Actor, action: string, from: string | null): Promise<void> {
  const { suppressed } = minute;
  minute.rows += 1;
  minute.suppressed = 0;
  try {
    const { catalog } = await workplace();
    const detail = suppressed === 0 ? {} : { suppressed };
    await writeAudit(catalog, who, { action: `${action}.refused`, object: null, detail, from });
  } catch (error) {
    minute.suppressed += suppressed; // for the next row
    throw error;
  }
}

function minuteOf(action: string): Minute {
  globalThis.backupModeRefusals ??= new Map();
  const now = performance.now();
  const minute = globalThis.backupModeRefusals.get(action) ?? { endsAt: 0, rows: 0, suppressed: 0, summary: null };
  if (now >= minute.endsAt) Object.assign(minute, { endsAt: now + MINUTE_MS, rows: 0 });
  globalThis.backupModeRefusals.set(action, minute);
  return minute;
}
