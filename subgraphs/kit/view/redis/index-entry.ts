import type { ColumnValue } from '../sqlite-layout.ts';

/**
 * Members of the sorted sets that serve pages. All have the score 0, so Redis keeps them in the order of their bytes,
 * and the bytes are made so that this is the order of the rows: column by column, then the key.
 *
 * A column begins with the rank of its kind (null, number, text), and no column is the beginning of another, so what
 * follows a column never decides before it. A descending column has all its bits turned. Scripts put columns and key
 * together (apply.lua), and end a member with the length of its columns, by which they find the key again.
 */
const ranks = { null: 1, number: 2, text: 3 } as const;
/** Zeros in a text are told from its end by what follows them, and the end sorts before whatever may stand there. */
const textEnd = Buffer.from([0, 1]);
const escapedZero = Buffer.from([0, 0xff]);

/** Appended to columns, it sorts behind every member that begins with them: no column and no key begins with it. */
export const beyondAll = Buffer.from([0xff]);

/** Where the values begin that are not null, in an ascending column. */
export const firstValue = Buffer.from([ranks.number]);
const nullAscending = Buffer.from([ranks.null]);
/** Where the nulls begin in a descending column: behind all values. */
export const nullDescending = turned(nullAscending);

export function encodeColumn(value: ColumnValue, descending: boolean): Buffer {
  if (value === null) return descending ? nullDescending : nullAscending;
  const ascending =
    typeof value === 'number'
      ? encodeNumber(value)
      : Buffer.concat([Buffer.from([ranks.text]), encodeText(value)]);
  return descending ? turned(ascending) : ascending;
}

/** A key as it stands in a member, with its end. */
export const encodeKey = (key: string): Buffer => encodeText(key);

/** IEEE 754, big-endian: positive numbers sort by their bits, negative ones the other way round. */
function encodeNumber(value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = ranks.number;
  // -0 and 0 are equal.
  bytes.writeDoubleBE(value + 0, 1);
  const sign = bytes[1] ?? 0;
  if (sign < 0x80) bytes[1] = sign | 0x80;
  else for (let index = 1; index < 9; index++) bytes[index] = ~(bytes[index] ?? 0);
  return bytes;
}

function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (!bytes.includes(0)) return Buffer.concat([bytes, textEnd]);
  const parts: Uint8Array[] = [];
  let start = 0;
  for (let zero = bytes.indexOf(0); zero >= 0; zero = bytes.indexOf(0, start)) {
    parts.push(bytes.subarray(start, zero), escapedZero);
    start = zero + 1;
  }
  return Buffer.concat([...parts, bytes.subarray(start), textEnd]);
}

function turned(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte) => ~byte));
}
