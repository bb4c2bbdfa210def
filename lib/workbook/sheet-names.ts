/** Excel's limit, in UTF-16 units. */
const NAME_MAX_UNITS = 31;

/** Names that Excel keeps for itself, and those of our own sheets. */
const RESERVED = ['history', 'about', 'dictionary'];

/**
 * A name for each sheet, in order: as near to what is wished as Excel allows, and unique ignoring case. Excel refuses
 * `[]:*?/\`, control characters, a leading or trailing apostrophe and more than 31 UTF-16 units (ISO/IEC 29500-1, 18.2.19,
 * and Excel's own checks).
 */
export class SheetNames {
  readonly #taken = new Set<string>(RESERVED);

  /** Chooses and keeps a name; `suffix` (` (2)`) stays whole when the name must be cut. */
  choose(wished: string, suffix = ''): string {
    const clean = allowed(wished);
    for (let n = 1; ; n++) {
      const end = n === 1 ? suffix : `~${n}${suffix}`;
      const name = cutUnits(clean, NAME_MAX_UNITS - end.length) + end;
      const key = name.toLowerCase();
      if (this.#taken.has(key)) continue;
      this.#taken.add(key);
      return name;
    }
  }
}

function allowed(name: string): string {
  const replaced = name
    .replace(/[[\]:*?/\\]/g, '_')
    .replace(/[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/g, '_')
    .toWellFormed()
    .replace(/^'/, '_');
  const cut = cutUnits(replaced, NAME_MAX_UNITS).replace(/'$/, '_');
  return cut.trim() === '' ? 'table' : cut;
}

/** At most n UTF-16 units, never half of a surrogate pair, never ending in an apostrophe. */
function cutUnits(text: string, n: number): string {
  if (text.length <= n) return text;
  const isHalf = (text.charCodeAt(n) & 0xfc00) === 0xdc00;
  return text.slice(0, isHalf ? n - 1 : n).replace(/'$/, '_');
}
