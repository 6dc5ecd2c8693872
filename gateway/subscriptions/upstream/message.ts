import type { GraphQLFormattedError } from 'graphql';
import { isCursor as isOurs } from '../../../schema/cursor/check.ts';
import { PositionCursor } from '../../../schema/cursor/position-cursor.ts';
import type { EventPayload, RecordPlace, Stamp } from '../event.ts';

/** What a subgraph says on a graphql-transport-ws socket; everything on it is unknown until it has been read here. */
export type UpstreamMessage =
  | {
      readonly type: 'connection_ack';
      readonly speaksTributary: boolean;
      /** It writes a `next` so that it can be handed on unread; see plain-next.ts. */
      readonly isOrdered: boolean;
    }
  | {
      readonly type: 'ping';
      readonly cursors: ReadonlyMap<string, string>;
      readonly snapshots: ReadonlySet<unknown>;
      readonly positions: readonly SharedPosition[];
    }
  | { readonly type: 'pong' }
  | { readonly type: 'next'; readonly id: string; readonly payload: EventPayload; readonly stamp: Stamp }
  | { readonly type: 'error'; readonly id: string; readonly errors: readonly GraphQLFormattedError[] }
  | { readonly type: 'complete'; readonly id: string };

/** Operations that stand at one place of a topic. */
export interface SharedPosition {
  /** Of one of them; that of another differs by the filter. */
  readonly cursor: PositionCursor;
  readonly operations: readonly unknown[];
}

/** Reads a message; null for what is none. */
export const readUpstreamMessage = (text: string): UpstreamMessage | null => {
  const message = parseObject(text);
  if (message === null) return null;
  const { type, id, payload } = message;
  if (type === 'pong') return { type };
  if (type === 'connection_ack') {
    const tributary = isObject(payload) && isObject(payload.tributary) ? payload.tributary : null;
    return { type, speaksTributary: tributary !== null, isOrdered: tributary?.ordered === true };
  }
  if (type === 'ping') {
    const cursors = readCursors(payload);
    return { type, cursors, snapshots: readSnapshots(payload), positions: readPositions(payload) };
  }
  if (typeof id !== 'string') return null;
  if (type === 'complete') return { type, id };
  if (type === 'error') return Array.isArray(payload) ? { type, id, errors: payload.map(readError) } : null;
  return type === 'next' && isObject(payload) ? { type, id, ...readNext(payload) } : null;
};

const parseObject = (text: string): Readonly<Record<string, unknown>> | null => {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
};

const readNext = (payload: Readonly<Record<string, unknown>>): { payload: EventPayload; stamp: Stamp } => {
  const { tributary, ...extensions } = isObject(payload.extensions) ? payload.extensions : {};
  return {
    payload: {
      ...(payload.data === undefined ? {} : { data: payload.data }),
      ...(Array.isArray(payload.errors) ? { errors: payload.errors.map(readError) } : {}),
      extensions,
    },
    stamp: readStamp(tributary),
  };
};

const readStamp = (value: unknown): Stamp =>
  isObject(value) && isCursor(value.cursor)
    ? { at: readPlace(value.at), cursor: value.cursor, gap: false }
    : { at: null, cursor: null, gap: false };

/** A cursor that is not of our making could not be compared: the stream counts as one without cursors. */
const isCursor = (value: unknown): value is string => typeof value === 'string' && isOurs(value);

const readPlace = (value: unknown): RecordPlace | null =>
  Array.isArray(value) && isOffset(value[0]) && isOffset(value[1]) ? [value[0], value[1]] : null;

const isOffset = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

const readCursors = (payload: unknown): ReadonlyMap<string, string> => {
  const cursors = isObject(payload) && isObject(payload.cursors) ? payload.cursors : {};
  return new Map(Object.entries(cursors).filter((entry): entry is [string, string] => isCursor(entry[1])));
};

const readSnapshots = (payload: unknown): ReadonlySet<unknown> =>
  new Set(isObject(payload) && Array.isArray(payload.snapshots) ? payload.snapshots : []);

const readPositions = (payload: unknown): readonly SharedPosition[] => {
  const positions: readonly unknown[] =
    isObject(payload) && Array.isArray(payload.positions) ? payload.positions : [];
  return positions.flatMap((each) =>
    isObject(each) && isCursor(each.cursor) && Array.isArray(each.operations)
      ? [{ cursor: new PositionCursor(each.cursor), operations: each.operations }]
      : [],
  );
};

/** A subgraph's error as clients may see it: without stack traces. */
const readError = (value: unknown): GraphQLFormattedError => {
  if (!isObject(value) || typeof value.message !== 'string')
    return { message: 'The subgraph sent an error without a message.' };
  const { message, locations: _, extensions, ...rest } = value;
  if (!isObject(extensions)) return { ...rest, message };
  const { stacktrace: _stacktrace, exception: _exception, ...shown } = extensions;
  return { ...rest, message, extensions: shown };
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
