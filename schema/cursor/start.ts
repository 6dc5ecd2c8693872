import { TributaryError } from '../errors.ts';
import type { Cursor } from './cursor.ts';
import { decodeCursor } from './decode.ts';

/** Where a stream begins, as a client may say it (S7). */
export type StreamStart =
  | { readonly kind: 'CURSOR'; readonly cursor: Cursor }
  | { readonly kind: 'EARLIEST' }
  | { readonly kind: 'LATEST' }
  /** Milliseconds since 1970. */
  | { readonly kind: 'TIME'; readonly time: number };

/**
 * Reads a value of `from: Cursor` (S7): a cursor, `EARLIEST`, `LATEST`, or an RFC 3339 time.
 * Throws CURSOR_INVALID with what is wrong.
 */
export const parsePosition = (text: string): StreamStart => {
  if (text === 'EARLIEST' || text === 'LATEST') return { kind: text };
  // No cursor begins so: its first byte is the version, which base64url writes as "A".
  if (/^\d{4}-/.test(text)) return { kind: 'TIME', time: parseTime(text) };
  if (/^\s*(earliest|latest)\s*$/i.test(text)) {
    throw new TributaryError('CURSOR_INVALID', `"${text}" is written ${text.trim().toUpperCase()}.`);
  }
  return { kind: 'CURSOR', cursor: decodeCursor(text) };
};

const rfc3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/** Milliseconds since 1970 of an RFC 3339 time; a leap second counts as the next second. */
const parseTime = (text: string): number => {
  const parts = text.length > 64 ? null : rfc3339.exec(text);
  if (parts === null) {
    throw new TributaryError(
      'CURSOR_INVALID',
      `"${text.slice(0, 64)}" is no RFC 3339 time; write it like 2013-02-08T18:00:00Z, with a time zone.`,
    );
  }
  const number = (index: number): number => Number(parts[index] ?? 0);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = [1, 2, 3, 4, 5, 6].map(number);
  const milliseconds = Math.floor(Number(`0.${parts[7] ?? '0'}`) * 1000);
  const daysInMonth = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  const fits =
    month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth && hour <= 23 && minute <= 59 && second <= 60;
  if (!fits || number(9) > 23 || number(10) > 59) {
    throw new TributaryError('CURSOR_INVALID', `"${text}" is a time that does not exist.`);
  }
  const zone = (number(9) * 60 + number(10)) * (parts[8] === '-' ? -1 : 1);
  // Not Date.UTC: it takes the years 0 to 99 for 1900 to 1999.
  const startOfMinute = Date.parse(`${text.slice(0, 10)}T${text.slice(11, 16)}:00Z`);
  return startOfMinute - zone * 60_000 + second * 1000 + milliseconds;
};
