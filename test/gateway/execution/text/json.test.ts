import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ScanLeaf,
  scanAny,
  scanBoolean,
  scanFloat,
  scanHidden,
  scanInt,
  scanKey,
  scanPlainFloat,
  scanPlainString,
  scanString,
} from '../../../../gateway/execution/text/json.ts';

/** What is read of a text: its beginning; null: nothing. */
const read = (scan: ScanLeaf, text: string): string | null => {
  const bytes = Buffer.from(text);
  const end = scan(bytes, 0);
  return end === -1 ? null : bytes.toString('utf8', 0, end);
};

/** Pieces of JSON and of what is nearly so, so that most texts drawn are on the edge. */
const pieces = [
  ...[
    '0',
    '1',
    '9',
    '00',
    '-',
    '+',
    '.',
    'e5',
    'E-2',
    '2147483647',
    '2147483648',
    '123456789012345',
    'Infinity',
  ],
  ...[
    '"',
    '\\"',
    '\\',
    '\\u',
    '\\u00fC',
    '\\ud83d',
    '\\ude00',
    '\\/',
    '\\n',
    '\\x',
    '\u0000',
    '\u001f',
    '\u007f',
  ],
  ...[
    'é',
    '東',
    '\u{1f6eb}',
    '\u2028',
    'a',
    ' ',
    '\n',
    'true',
    'false',
    'null',
    'nul',
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
  ],
  ...['"":', '"a":1', '[[', ']]', '"b":null', '{}', '[]'],
];
const texts = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 7 }).map((drawn) => drawn.join('')),
  fc.array(fc.constantFrom(...pieces), { maxLength: 5 }).map((drawn) => `"${drawn.join('')}"`),
  fc.array(fc.constantFrom(...pieces), { maxLength: 5 }).map((drawn) => `[${drawn.join(',')}]`),
  fc.json(),
  fc.double().map(String),
  fc.integer().map(String),
);
const options = { numRuns: 5000, seed: 1 };

/** What `JSON.stringify` would not write itself may stand there where it means the same. */
const scans: readonly [string, ScanLeaf, (value: unknown) => boolean][] = [
  ['a string', scanString, (value) => typeof value === 'string'],
  ['a plain string', scanPlainString, (value) => typeof value === 'string'],
  ['an Int', scanInt, (value) => typeof value === 'number' && (value | 0) === value],
  ['a Float', scanFloat, (value) => typeof value === 'number' && Number.isFinite(value)],
  ['a Boolean', scanBoolean, (value) => typeof value === 'boolean'],
  ['a plain Float', scanPlainFloat, (value) => typeof value === 'number' && Number.isFinite(value)],
  ['a key', scanKey, (value) => typeof value !== 'object' || value === null],
  ['any value', scanAny, (value) => value !== null],
  ['a hidden value', scanHidden, () => true],
];

describe.each(scans)('%s', (_, scan, fits) => {
  test('reads JSON and nothing else, of its type', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const found = read(scan, text);
        if (found !== null) expect(fits(JSON.parse(found))).toBe(true);
      }),
      options,
    );
  });

  test('reads no byte beyond the end', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const found = read(scan, text);
        expect(read(scan, found ?? '')).toBe(found);
        for (let end = 0; end < (found ?? '').length; end++) {
          const part = read(scan, (found ?? '').slice(0, end));
          // A number's beginning is a number.
          if (part !== null) expect(fits(JSON.parse(part))).toBe(true);
        }
      }),
      { ...options, numRuns: 500 },
    );
  });
});

test.each([
  ['plain strings', scanPlainString],
  ['Ints', scanInt],
  ['plain Floats', scanPlainFloat],
  ['keys', scanKey],
])('equal %s are equal texts, as JSON.stringify writes them', (_, scan) => {
  fc.assert(
    fc.property(texts, (text) => {
      const found = read(scan, text);
      if (found !== null) expect(found).toBe(JSON.stringify(JSON.parse(found)));
    }),
    options,
  );
});

test('numbers that a double does not keep are not read, and lose nothing where they are', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^-?\d{1,18}(\.\d{1,18})?$/), (text) => {
      const found = read(scanFloat, text);
      if (found !== text) return;
      const digits = (number: string): string => number.replace(/[-.]/g, '').replace(/^0+|0+$/g, '');
      expect(digits(Number(text).toPrecision(15).replace(/e.*/, ''))).toBe(digits(text));
    }),
    options,
  );
});

test.each([
  [scanInt, ['2147483648', '-2147483649', '-0', '1.0', '1e2', '01', '12345678901', '""', '-', '+1', '.5']],
  [scanFloat, ['1e400', '-0', '-0.0', '1.', '.5', '1234567890123456', '0.1234567890123456', 'NaN']],
  [scanString, ['"\\u12g4"', '"\\u123"', '"\\x"', '"a\nb"', '"a', "'a'", '"\\']],
  [scanPlainString, ['"\\u00fc"', '"\\/"', '"\\u000a"']],
  [scanPlainFloat, ['1.0', '0.50', '-0', '0.0000001', '-0.00000012', '1e5']],
  [scanKey, ['1.50', '[]', '1234567890123456', '-0', '{}', '"\\/"']],
  [scanAny, ['null', `${'['.repeat(40)}${']'.repeat(40)}`, '{"a" :1}', '{a:1}', '[1,]', '{"a":1,}']],
  [scanHidden, [`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`, '[1 ]', '{"a"}']],
])('%o leaves %j to JSON.parse', (scan, left) => {
  // Numbers are read up to what cannot follow them.
  for (const text of left) expect(read(scan, text), text).not.toBe(text);
});
