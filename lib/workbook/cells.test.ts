import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyText, drawn, drawnNumber } from '#tests/support/drawn-cell.ts';
import { decodeEscapes } from '#tests/support/sheet-cells.ts';
import { cellKind, columnName } from './cells.ts';

/** The text of a cell, as a reader of XML and of ST_Xstring sees it. */
function text(value: string): string {
  const xml = drawn(['text'], copyText(value));
  const found = /^<c r="A7" s="[19]" t="inlineStr"><is><t(?: xml:space="preserve")?>(.*)<\/t><\/is><\/c>$/s.exec(xml);
  if (found === null) throw new Error(xml);
  if (found[1] !== found[1].trim()) expect(xml).toContain('xml:space="preserve"');
  // A lone carriage return or any other control character may not stand in XML 1.0.
  expect(found[1]).not.toMatch(/[\0-\x08\x0b-\x1f\ufffe\uffff<>]|&(?!amp;|lt;|gt;)/);
  return decodeEscapes(found[1].replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'));
}

describe('a text cell', () => {
  it.each([
    ['an empty text', ''],
    ['spaces at the edges', ' a '],
    ['line breaks', 'a\nb\r\nc\rd\te'],
    ['markup', '<a href="x">&amp;]]></a>'],
    ['every control character', Array.from({ length: 31 }, (_, n) => String.fromCharCode(n + 1)).join('')],
    ['what looks like an escape', '_x0041_ _x005F_x0041_ __x0041__ _x00e4_ _X0041_'],
    ['what looks like an escape, followed by another', '_x0041_x0042_x0043_'],
    ['what becomes an escape with the control character behind it', '_x0041\u0001'],
    ['the same with a character that COPY escapes', '_x0041\b _x0041\f _x0041\r _x0041\n'],
    ['the same with a noncharacter', '_x0041\ufffe _x0041\uffff _x0041\ufffd'],
    ['an escape that is cut off by the end', '_x0041'],
    ['a backslash before an n', '\\n \\N \\. \\\\'],
    ['formulas', '=1+1'],
    ['other planes', '😀👨‍👩‍👧‍👦 \u{10ffff}'],
  ])('shows %s as the database has it', (_what, value) => {
    expect(text(value)).toBe(value);
  });

  it('shows any text as the database has it', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '_',
        '_x',
        '_x0041',
        '_x0041_',
        'x005F_',
        '\u0001',
        '\b',
        '\r',
        '\n',
        '\\',
        '\ufffe',
        '\uffff',
        '&',
        '<',
        ' ',
        '0041',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const value = pieces.join('').replaceAll('\0', '').toWellFormed();
        expect(text(value)).toBe(value);
      }),
      { numRuns: 2000 },
    );
  });

  it('is drawn for an empty text and not for NULL', () => {
    expect(drawn(['text', 'text', 'text'], '\\N\t\t\\\\N')).toBe(
      '<c r="B7" s="1" t="inlineStr"><is><t></t></is></c><c r="C7" s="1" t="inlineStr"><is><t>\\N</t></is></c>',
    );
  });

  it('never becomes a formula, an error or a number', () => {
    for (const value of ['=1+1', '+1', '-1', '@x', '#N/A', 'TRUE', '0012', '1e5']) {
      expect(drawn(['text'], value)).toBe(`<c r="A7" s="1" t="inlineStr"><is><t>${value}</t></is></c>`);
    }
  });

  it('holds 32,767 UTF-16 units whole', () => {
    expect(text('a'.repeat(32_767))).toHaveLength(32_767);
    expect(text('é'.repeat(32_767))).toHaveLength(32_767);
    expect(text(`a${'😀'.repeat(16_383)}`)).toHaveLength(32_767);
    expect(text('\u0001'.repeat(32_767))).toHaveLength(32_767);
    expect(text('\n'.repeat(32_767))).toHaveLength(32_767);
  });

  it.each([
    ['letters', 'a'.repeat(32_768)],
    ['pairs', '😀'.repeat(20_000)],
    ['pairs, one unit further', `b${'😀'.repeat(20_000)}`],
    ['control characters', '\u0001'.repeat(40_000)],
    ['escapes', '_x0041_'.repeat(9000)],
  ])('says so in colour when it is longer and had to be cut: %s', (_what, value) => {
    const shown = text(value);
    const mark = ` … [cut here: ${value.length.toLocaleString('en-US')} characters; the whole text is in the backup]`;
    expect(shown.endsWith(mark)).toBe(true);
    expect(shown.length).toBeLessThanOrEqual(32_767);
    expect(shown.length).toBeGreaterThan(32_764);
    expect(value.startsWith(shown.slice(0, -mark.length))).toBe(true);
    expect(shown.isWellFormed()).toBe(true);
    expect(drawn(['text'], copyText(value))).toContain('s="9"');
  });
});

describe('a number cell', () => {
  it.each([
    '0',
    '1',
    '-1',
    '0.1',
    '-0.5',
    '3.10',
    '0.000',
    '123456789012345',
    '-999999999999999',
    '0.000000000000001',
    '1e+20',
    '1e-07',
    '2.2250738585072e-308',
    '9.99e+307',
    '1.5e-300',
    '00012',
    '0.00000123456789012345',
    '4294967295',
  ])('shows %s as a number', (value) => {
    expect(drawnNumber('number', value)).toBe(value);
    expect(Number(drawnNumber('number', value))).toBe(Number(value));
  });

  it.each([
    '1234567890123456',
    '9007199254740993',
    '9223372036854775807',
    '-9223372036854775808',
    '0.1234567890123456',
    '1000000.0000000000',
    'NaN',
    'Infinity',
    '-Infinity',
    '-0',
    '-0.0',
    '5e-324',
    '1e-308',
    '1.7976931348623157e+308',
    '1e+308',
    '1e1000',
    '123456789012345678901234567890.5',
    `0.${'0'.repeat(300)}1`,
    `1${'0'.repeat(400)}`,
  ])('shows %s as text, where Excel would show another number', (value) => {
    expect(drawnNumber('number', value)).toBeNull();
    expect(drawn(['number'], value)).toContain(`<t>${value}</t>`);
  });

  it('has never more than 15 digits, and always the value of the database', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.nat(20), (digits, scale) => {
        const padded = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0');
        const decimals = scale === 0 ? padded : `${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
        const value = digits < 0n ? `-${decimals}` : decimals;
        const shown = drawnNumber('number', value);
        if (shown === null) return;
        expect(shown).toBe(value);
        // Fifteen digits survive a double: what a reader makes of the cell is what the database has.
        if (digits !== 0n) expect(Number(Number(shown).toPrecision(15))).toBe(Number(value));
        expect(shown.replace(/^-?0*\.?0*|\./g, '').length).toBeLessThanOrEqual(15);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a boolean cell', () => {
  it('is true, false or nothing', () => {
    expect(drawn(['boolean', 'boolean', 'boolean'], 't\tf\t\\N')).toBe(
      '<c r="A7" s="1" t="b"><v>1</v></c><c r="B7" s="1" t="b"><v>0</v></c>',
    );
  });
});

describe('columns', () => {
  it('draws what Excel has no kind for as text', () => {
    expect(['jsonb', 'uuid', 'timetz', 'interval', 'money', '_int4', '_bool', 'bytea', 'nothing'].map(cellKind)).toEqual(
      Array.from({ length: 9 }, () => 'text'),
    );
    expect(['int2', 'int4', 'int8', 'oid', 'float4', 'float8', 'numeric'].map(cellKind)).toEqual(Array.from({ length: 7 }, () => 'number'));
  });

  it('are lettered as Excel letters them', () => {
    expect([0, 25, 26, 51, 52, 701, 702, 1599, 16_383].map(columnName)).toEqual(['A', 'Z', 'AA', 'AZ', 'BA', 'ZZ', 'AAA', 'BIN', 'XFD']);
  });
});
