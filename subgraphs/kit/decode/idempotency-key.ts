import { TributaryError } from '../../../schema/errors.ts';
import type { RawRecord } from '../records.ts';
import { textOfBytes } from './text.ts';

/** The record header that names the request which wrote the record (S25). */
export const idempotencyHeader = 'idempotency-key';
/** In UTF-16 units. Views keep these for a day. */
const maximumLength = 300;

/** Of a record: undefined without one, and for one that no writer of ours would have sent. */
export const idempotencyKeyOf = ({ headers }: RawRecord): string | undefined => {
  const found = headers.findLast(([name]) => name !== null && name.toString() === idempotencyHeader);
  const text = found?.[1] ? textOfBytes(found[1]) : null;
  return text !== null && isIdempotencyKey(text) ? text : undefined;
};

/** Throws BAD_USER_INPUT for one that a record cannot carry. */
export const requireIdempotencyKey = (key: string): void => {
  if (isIdempotencyKey(key)) return;
  throw new TributaryError(
    'BAD_USER_INPUT',
    `idempotencyKey has ${key.length} characters; give 1 to ${maximumLength}, such as a UUID.`,
  );
};

const isIdempotencyKey = (text: string): boolean => text.length > 0 && text.length <= maximumLength;
