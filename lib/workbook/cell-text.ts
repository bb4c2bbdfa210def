/** Excel's limit for the text of a cell, in UTF-16 units. */
export const CELL_MAX_UNITS = 32_767;

/** The most bytes a text cell can take in the sheet: each unit may become an escape of seven bytes. */
export const CELL_MAX_BYTES: number = CELL_MAX_UNITS * 7 + 64;

const BACKSLASH = 92;
const UNDERSCORE = 95;
const SPACE = 32;

// What a byte of COPY text means to the cell: 0 itself, or one of these.
const MARKUP = 1; // & < >
const ESCAPE = 2; // backslash
const CONTROL = 3; // must be written as _xHHHH_
const UNDER = 4; // may begin a literal _xHHHH_
const LEAD_EF = 5; // may begin U+FFFE or U+FFFF
const BREAK = 6; // a line feed or tab: kept, with xml:space

const CLASS = new Uint8Array(256);
CLASS.fill(CONTROL, 1, 32);
CLASS[9] = CLASS[10] = BREAK;
for (const c of '&<>') CLASS[c.charCodeAt(0)] = MARKUP;
CLASS[BACKSLASH] = ESCAPE;
CLASS[UNDERSCORE] = UNDER;
CLASS[0xef] = LEAD_EF;

/** What a letter after a backslash stands for in COPY text (PostgreSQL manual, COPY, "Text Format"). */
const UNESCAPED = Uint8Array.from({ length: 256 }, (_, byte) => byte);
for (const [letter, byte] of Object.entries({ b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 })) UNESCAPED[letter.charCodeAt(0)] = byte;

const AMP = Buffer.from('&amp;');
const LT = Buffer.from('&lt;');
const GT = Buffer.from('&gt;');
const UNDERSCORE_ESCAPED = Buffer.from('_x005F_');
const FFFE = Buffer.from('_xFFFE_');
const FFFF = Buffer.from('_xFFFF_');
const CONTROLS = Array.from({ length: 32 }, (_, byte) => Buffer.from(`_x00${byte.toString(16).toUpperCase().padStart(2, '0')}_`));
const PRESERVE = Buffer.from(' xml:space="preserve"');
const TEXT_END = Buffer.from('</t></is></c>');

/**
 * Writes values as inline strings. XML cannot hold control characters: they, and whatever already looks like their escape,
 * are written as `_xHHHH_` (ISO/IEC 29500-1, 22.9.2.19). Nothing becomes a formula: a string stays a string.
 */
export class TextCells {
  #isPreserved = false;

  /**
   * Writes the value [from, stop) behind `head`, which ends in `<t>`; a text over Excel's limit is cut behind `cutHead` and
   * says so. Returns where the cell ends.
   */
  write(head: Buffer, cutHead: Buffer, source: Buffer, from: number, stop: number, out: Buffer, at: number): number {
    if (stop - from > CELL_MAX_UNITS) {
      const units = countUnits(source, from, stop);
      // Three bytes make one unit at least: this is more than a cell can show, and never the whole of a gigabyte.
      const beginning = units > CELL_MAX_UNITS ? unescapeCopy(source, from, Math.min(stop, from + 4 * CELL_MAX_UNITS)) : '';
      if (units > CELL_MAX_UNITS) return put(out, put(out, at, cutHead) - 1, cutText(beginning, units));
    }
    const textAt = put(out, at, head);
    this.#isPreserved = source[from] === SPACE || source[stop - 1] === SPACE;
    let p = this.#escape(source, from, stop, out, textAt);
    if (this.#isPreserved) {
      out.copyWithin(textAt - 1 + PRESERVE.length, textAt - 1, p);
      put(out, textAt - 1, PRESERVE);
      p += PRESERVE.length;
    }
    return put(out, p, TEXT_END);
  }

  #escape(source: Buffer, from: number, stop: number, out: Buffer, at: number): number {
    let p = at;
    let i = from;
    while (i < stop) {
      const byte = source[i];
      const kind = CLASS[byte];
      if (kind === 0) {
        out[p++] = byte;
        i++;
      } else if (kind === ESCAPE) {
        p = this.#byte(UNESCAPED[source[i + 1]], out, p);
        i += 2;
      } else if (kind === MARKUP) {
        p = put(out, p, byte === 38 ? AMP : byte === 60 ? LT : GT);
        i++;
      } else if (kind === UNDER) {
        if (looksEscaped(source, i, stop)) p = put(out, p, UNDERSCORE_ESCAPED);
        else out[p++] = UNDERSCORE;
        i++;
      } else if (kind === LEAD_EF && i + 2 < stop && source[i + 1] === 0xbf && source[i + 2] >= 0xbe) {
        p = put(out, p, source[i + 2] === 0xbe ? FFFE : FFFF);
        i += 3;
      } else {
        p = this.#byte(byte, out, p);
        i++;
      }
    }
    return p;
  }

  /** A byte that was escaped in COPY text, or a raw control character. */
  #byte(byte: number, out: Buffer, at: number): number {
    const kind = CLASS[byte];
    if (kind === CONTROL) return put(out, at, CONTROLS[byte]);
    if (kind === BREAK) this.#isPreserved = true;
    out[at] = byte;
    return at + 1;
  }
}

/** Whether a reader would take the text at `at` for an escape: `_x`, four hex digits, and `_` — or what is written as one. */
function looksEscaped(source: Buffer, at: number, stop: number): boolean {
  if (at + 6 >= stop || source[at + 1] !== 120) return false;
  for (let k = at + 2; k < at + 6; k++) if (!isHex(source[k])) return false;
  const next = source[at + 6];
  const kind = CLASS[next];
  if (kind === UNDER || kind === CONTROL) return true;
  if (kind === ESCAPE) return CLASS[UNESCAPED[source[at + 7]]] === CONTROL;
  return kind === LEAD_EF && source[at + 7] === 0xbf && source[at + 8] >= 0xbe;
}

function isHex(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 70) || (byte >= 97 && byte <= 102);
}

/** How many UTF-16 units the value has: one for each character, two for those beyond U+FFFF (four bytes in UTF-8). */
function countUnits(source: Buffer, from: number, stop: number): number {
  let units = 0;
  for (let i = from; i < stop; i++) {
    const byte = source[i];
    if (byte === BACKSLASH) i++;
    if (byte < 0x80 || byte >= 0xc0) units += byte >= 0xf0 ? 2 : 1;
  }
  return units;
}

/** The value that COPY text stands for. */
export function unescapeCopy(source: Buffer, from: number, stop: number): string {
  const bytes = Buffer.allocUnsafe(stop - from);
  let length = 0;
  for (let i = from; i < stop; i++) bytes[length++] = source[i] === BACKSLASH ? UNESCAPED[source[++i]] : source[i];
  return bytes.toString('utf8', 0, length);
}

/** A text as the content of `<t>`. */
export function escapeText(text: string): string {
  return text
    .replace(/_(?=x[0-9A-Fa-f]{4}(?:_|[\u0001-\u0008\u000b-\u001f\ufffe\uffff]))/g, '_x005F_')
    .replace(/[\u0001-\u0008\u000b-\u001f\ufffe\uffff]/g, (c) => `_x${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');
}

/** The beginning of a text that Excel cannot hold, with words that say so, and the end of its cell. Begins at the `>` of `<t>`. */
function cutText(text: string, units: number): Buffer {
  const mark = ` … [cut here: ${units.toLocaleString('en-US')} characters; the whole text is in the backup]`;
  const room = CELL_MAX_UNITS - mark.length;
  const isHalf = (text.charCodeAt(room) & 0xfc00) === 0xdc00;
  const shown = text.slice(0, isHalf ? room - 1 : room);
  return Buffer.from(` xml:space="preserve">${escapeText(shown + mark)}</t></is></c>`);
}

function put(out: Buffer, at: number, bytes: Buffer): number {
  const count = bytes.length;
  for (let k = 0; k < count; k++) out[at + k] = bytes[k];
  return at + count;
}
