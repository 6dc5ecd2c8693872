import { TributaryError } from '../../../schema/errors.ts';
import type { AfterPositions } from '../context.ts';

/** What a subscribe payload may carry in `extensions.tributary` (docs/protocol.md). */
export interface SubscribeExtensions {
  readonly cursor: string | null;
  readonly until: string | null;
  readonly live: boolean;
  /** Progress may come by a position that it shares with others. */
  readonly positions: boolean;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const ours = (extensions: unknown): Record<string, unknown> => {
  const tributary = isRecord(extensions) ? extensions.tributary : undefined;
  if (tributary === undefined || tributary === null) return {};
  if (isRecord(tributary)) return tributary;
  throw new TributaryError('BAD_REQUEST', '"extensions.tributary" must be an object.');
};

const optionalText = (name: string, value: unknown): string | null => {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  throw new TributaryError('BAD_REQUEST', `"extensions.tributary.${name}" must be a string.`);
};

export const readSubscribeExtensions = (extensions: unknown): SubscribeExtensions => {
  const { cursor, until, live, positions } = ours(extensions);
  return {
    cursor: optionalText('cursor', cursor),
    until: optionalText('until', until),
    live: live === true,
    positions: positions === true,
  };
};

/** `extensions.tributary.after` of a request; null when there is none. */
export const readAfter = (extensions: unknown): AfterPositions | null => {
  const { after } = ours(extensions);
  if (after === undefined || after === null) return null;
  const isPosition = (value: unknown): boolean =>
    Array.isArray(value) &&
    value.length === 2 &&
    value.every((part) => Number.isSafeInteger(part) && part >= 0);
  if (
    isRecord(after) &&
    Object.values(after).every((list) => Array.isArray(list) && list.every(isPosition))
  ) {
    return after as AfterPositions;
  }
  throw new TributaryError(
    'BAD_REQUEST',
    '"extensions.tributary.after" must be an object of topic ids with lists of [partition, offset].',
  );
};
