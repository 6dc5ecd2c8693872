import type { ExecutionResult, GraphQLError, GraphQLFormattedError } from 'graphql';
import type { Cursor } from '../../schema/cursor/cursor.ts';
import { decodeCursor } from '../../schema/cursor/decode.ts';
import { lastingBytes } from '../lasting-bytes.ts';

/** Where the record of an event lies: partition and offset. */
export type RecordPlace = readonly [partition: number, offset: number];

/** What `extensions.tributary` says of an event (S6). `gap`: events may be missing before it (S18). */
export interface Stamp {
  readonly at: RecordPlace | null;
  readonly cursor: string | null;
  readonly gap: boolean;
}

/** The payload of a `next` as a subgraph sent it, or as the joins made it. */
export interface EventPayload {
  readonly data?: unknown;
  readonly errors?: readonly (GraphQLError | GraphQLFormattedError)[];
  /** Without `tributary`. */
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** An event, serialised once, as all clients of an operation share it. */
export interface RingEntry {
  readonly at: RecordPlace | null;
  /** Behind the event; null from subgraphs without cursors. */
  readonly cursor: string | null;
  /** The payload, and behind it the brace that ends a `next` message: `{"data":…}}`. */
  readonly bytes: Buffer;
  /** Length of `bytes` up to the value of `extensions.tributary`, which differs while a client joins. */
  readonly headLength: number;
}

/** An event for one client. */
export interface DueEvent {
  readonly kind: 'EVENT';
  readonly entry: RingEntry;
  /** Takes the place of the bytes behind `entry.headLength`; null: the shared bytes are right. */
  readonly stamp: Buffer | null;
  /** The client's cursor behind the event; null from subgraphs without cursors. */
  readonly cursor: string | null;
}

const cursors = new WeakMap<RingEntry, Cursor>();
/** Larger ones are decoded each time: kept, they would weigh more than their events. */
const keptPartitions = 64;

/** The cursor behind an event, decoded once for all clients that join there; null where there is none. */
export const cursorOf = (entry: RingEntry): Cursor | null => {
  if (entry.cursor === null) return null;
  let cursor = cursors.get(entry);
  if (cursor === undefined) {
    cursor = decodeCursor(entry.cursor);
    if (cursor.position.length <= keptPartitions) cursors.set(entry, cursor);
  }
  return cursor;
};

const gapError: GraphQLFormattedError = {
  message:
    'The connection to the subgraph broke and it gives no cursors: events may be missing before this one.',
  extensions: { code: 'UPSTREAM_GAP' },
};

/** Serialises an event. The tributary extension goes last, so that another one can take its place. */
export const encodeEvent = (payload: EventPayload, stamp: Stamp): RingEntry => {
  const { at, cursor } = stamp;
  let text = '';
  if (payload.data !== undefined) text = `"data":${JSON.stringify(payload.data)}`;
  const errors = stamp.gap ? [...(payload.errors ?? []), gapError] : (payload.errors ?? []);
  if (errors.length > 0) text += `${text === '' ? '' : ','}"errors":${JSON.stringify(errors)}`;
  const others = Object.entries(payload.extensions ?? {}).map(
    ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value) ?? 'null'},`,
  );
  const separator = text === '' ? '' : ',';
  const head = `{${text}${separator}"extensions":{${others.join('')}"tributary":`;
  if (cursor !== null || stamp.gap) {
    const bytes = lastingBytes(head + stampText(at, cursor, stamp.gap));
    return { at, cursor, bytes, headLength: Buffer.byteLength(head) };
  }
  const extensions = others.length === 0 ? '' : `${separator}"extensions":{${others.join('').slice(0, -1)}}`;
  const bytes = lastingBytes(`{${text}${extensions}}}`);
  return { at, cursor, bytes, headLength: bytes.length };
};

/** What stands behind `headLength` for a client whose cursor is not the shared one. */
export const encodeStamp = (at: RecordPlace | null, cursor: string): Buffer =>
  Buffer.from(stampText(at, cursor, false));

const stampText = (at: RecordPlace | null, cursor: string | null, gap: boolean): string => {
  if (cursor === null) return `{"gap":${gap}}}}}`;
  return `{"at":${at === null ? 'null' : `[${at[0]},${at[1]}]`},"cursor":${JSON.stringify(cursor)}${gap ? ',"gap":true' : ''}}}}}`;
};

/** The payload of a finished execution. The executor's extensions stay, but for the tributary part, which is ours. */
export const payloadOf = (result: ExecutionResult): EventPayload => {
  const { tributary: _, ...extensions } = result.extensions ?? {};
  return {
    ...(result.data === undefined ? {} : { data: result.data }),
    // GraphQLError knows how to write itself as JSON.
    ...(result.errors === undefined ? {} : { errors: result.errors }),
    extensions,
  };
};
