import { TributaryError } from '../../../../schema/errors.ts';

/** What scripts answer is unknown until it is read here. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : malformed());

export const textOf = (value: unknown): string => (Buffer.isBuffer(value) ? value.toString() : malformed());

export const numberOf = (value: unknown): number => (typeof value === 'number' ? value : malformed());

/** Null where the script said that there is none. */
export const bytesOf = (value: unknown): Buffer | null =>
  value === null || Buffer.isBuffer(value) ? value : malformed();

function malformed(): never {
  throw new TributaryError(
    'INTERNAL',
    'A script of the views in Redis answered in another form than it does.',
  );
}
