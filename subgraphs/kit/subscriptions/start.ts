import type { Cursor } from '../../../schema/cursor/cursor.ts';
import { decodeCursor, encodeCursor, filterHash, parsePosition } from '../../../schema/cursor/index.ts';
import { TributaryError } from '../../../schema/errors.ts';
import type { Position } from '../../../schema/position.ts';
import { covers, laterOf, nextOffset } from '../../../schema/position.ts';
import type { LostRange } from '../stream/stream.ts';
import type { ServedStream, TopicSource } from '../topic-source.ts';

/** Where a client asks to begin (S7), and in which way the gateway asks for it (docs/protocol.md). */
export interface StartRequest {
  /** From the subscribe payload; wins over `from`. */
  readonly cursor: string | null;
  /** Value of the argument of type Cursor. */
  readonly from: string | null;
  readonly live: boolean;
  readonly until: string | null;
}

/** Where a subscription begins, decided. */
export interface Start {
  readonly from: Position;
  /** Rows below it are snapshot rows; null when this is no snapshot, or its scan is done. */
  readonly snapshotUntil: Position | null;
  /** The client must forget what it holds: a snapshot begins. */
  readonly reset: boolean;
  /** Exclusive end of a bounded operation. */
  readonly until: Position | null;
  readonly now: boolean;
  /** Of the position, milliseconds since 1970: a change stream can be gone on with only for so long (S11). */
  readonly time: number;
}

/** How long a replica may lag behind a cursor before it says NOT_YET (S11). */
const aheadWaitMs = 5_000;
/** A compacted cursor expires this much before its tombstones can be gone. */
const tombstoneMarginMs = 60_000;
/** How much further back a cursor may lie than `from` may reach (S29): a share of the bound, and at least so much. */
const replayMarginShare = 0.1;
const leastReplayMarginMs = 600_000;

export const hashOf = (stream: ServedStream, args: Readonly<Record<string, unknown>>): number =>
  filterHash(stream.description.field, args, stream.description.fromArgument);

/** Decides where a subscription begins; rejects with CURSOR_INVALID, CURSOR_EXPIRED, NOT_YET or BAD_USER_INPUT. */
export const resolveStart = async (
  stream: ServedStream,
  args: Readonly<Record<string, unknown>>,
  request: StartRequest,
  signal: AbortSignal,
): Promise<Start> => {
  const { source } = stream;
  const until = request.until === null ? null : await untilPosition(source, request.until, signal);
  const asked = request.cursor ?? request.from;
  if (asked === null) {
    if (stream.description.snapshot && !request.live) return snapshot(source, until);
    return { ...beginning(source.stream.position), until, now: true };
  }
  const position = parsePosition(asked);
  switch (position.kind) {
    case 'LATEST':
      return { ...beginning(source.stream.position), until, now: true };
    case 'EARLIEST':
      if (stream.description.change !== null) return snapshot(source, until);
      return {
        ...beginning(await readTo(source, await reachable(stream, stream.description.replayMs), signal)),
        until,
      };
    case 'TIME':
      refuseTooEarly(stream, position.time);
      if (stream.description.change !== null && isForgotten(source, position.time))
        return snapshot(source, until);
      return {
        ...beginning(await readTo(source, await source.topic.at(position.time), signal), position.time),
        until,
      };
    case 'CURSOR':
      return fromCursor(stream, args, position.cursor, until, signal);
  }
};

const beginning = (from: Position, time = Date.now()): Omit<Start, 'until'> => ({
  from,
  snapshotUntil: null,
  reset: false,
  now: false,
  time,
});

/** A snapshot is what changed since the beginning, in the order of offsets: one scan serves both (docs/decisions/0007). */
const snapshot = (source: TopicSource, until: Position | null): Start => {
  const upTo = source.view?.position ?? source.stream.position;
  return { from: upTo.map(() => 0), snapshotUntil: upTo, reset: true, until, now: false, time: Date.now() };
};

const untilPosition = async (source: TopicSource, text: string, signal: AbortSignal): Promise<Position> => {
  const cursor = decodeCursor(text);
  refuseOtherTopic(source, cursor);
  await waitUntilReached(source, cursor.position, signal);
  return withinTopic(source, cursor.position);
};

const fromCursor = async (
  stream: ServedStream,
  args: Readonly<Record<string, unknown>>,
  cursor: Cursor,
  until: Position | null,
  signal: AbortSignal,
): Promise<Start> => {
  const { source, description } = stream;
  if (description.change !== null) {
    const isExpired = !isSameTopic(source, cursor) || isForgotten(source, cursor.time);
    if (isExpired || cursor.filterHash !== hashOf(stream, args)) return snapshot(source, until);
    if ((await truncatedSince(source, cursor)).length > 0) return snapshot(source, until);
    await waitUntilReached(source, cursor.position, signal);
    const snapshotUntil = cursor.snapshotUntil === null ? null : withinTopic(source, cursor.snapshotUntil);
    return { ...beginning(withinTopic(source, cursor.position), cursor.time), snapshotUntil, until };
  }
  refuseOtherTopic(source, cursor);
  const truncated = await truncatedSince(source, cursor);
  if (truncated.length > 0) throw truncatedError(stream, args, cursor, truncated);
  await waitUntilReached(source, cursor.position, signal);
  if (!source.stream.holdsFrom(cursor.position)) {
    refuseExpired(stream, args, cursor.position, await source.topic.earliest());
    await refuseBeyondReplay(stream, args, cursor.position);
  }
  return { ...beginning(withinTopic(source, cursor.position)), until };
};

/** Without partitions that the topic does not have: a forged cursor names thousands, and each event would carry them. */
const withinTopic = ({ stream }: TopicSource, position: Position): Position =>
  position.slice(0, stream.position.length);

const isSameTopic = ({ topic }: TopicSource, cursor: Cursor): boolean =>
  cursor.clusterId === topic.clusterId && cursor.topicId === topic.topicId;

/** Deletes from then may have left Kafka and the view, so a client cannot be told of them (S11). */
const isForgotten = (source: TopicSource, time: number): boolean =>
  Date.now() - time > source.tombstoneRetentionMs - tombstoneMarginMs;

/**
 * What the client has been sent and the log does not hold any more: after an unclean leader election its offsets are
 * other records' (S11). Kafka is asked only about epochs that are not the one in which this process itself reads on.
 */
const truncatedSince = async (
  { topic, epochs }: TopicSource,
  { position, epochs: known }: Cursor,
): Promise<readonly LostRange[]> => {
  const suspect = known.map((epoch, partition) =>
    nextOffset(position, partition) === 0 || epoch === epochs[partition] ? -1 : epoch,
  );
  if (suspect.every((epoch) => epoch < 0)) return [];
  const ends = await topic.epochEnds(suspect);
  return ends.flatMap((end, partition) => {
    const until = nextOffset(position, partition);
    return end !== null && end < until ? [{ partition, from: end, until }] : [];
  });
};

const refuseOtherTopic = (source: TopicSource, cursor: Cursor): void => {
  if (isSameTopic(source, cursor)) return;
  throw new TributaryError(
    'CURSOR_EXPIRED',
    `The cursor is of another topic or cluster than "${source.topic.name}" is now: it was made again, or this is another subscription's cursor. Subscribe from EARLIEST or from a time.`,
    { details: { reason: 'OTHER_TOPIC' } },
  );
};

/** Throws CURSOR_EXPIRED when Kafka can no longer bring all that followed `position` (S11). */
export const refuseExpired = (
  stream: ServedStream,
  args: Readonly<Record<string, unknown>>,
  position: Position,
  earliest: Position,
): void => {
  const lost = between(position, earliest);
  if (lost.length > 0) throw expired(stream, args, lost, laterOf(earliest, position));
};

/**
 * Rejects with CURSOR_EXPIRED for a position that lies further back than `from` may reach, by more than a margin (S29).
 * The bound moves on with time: without the margin whoever began at it could not come back.
 */
const refuseBeyondReplay = async (
  stream: ServedStream,
  args: Readonly<Record<string, unknown>>,
  position: Position,
): Promise<void> => {
  const { replayMs, field } = stream.description;
  if (replayMs === null) return;
  const marginMs = Math.max(replayMs * replayMarginShare, leastReplayMarginMs);
  if (covers(position, await reachable(stream, replayMs + marginMs))) return;
  const earliest = await reachable(stream, replayMs);
  const lost = between(position, earliest);
  const what =
    `"${field}" goes back to ${new Date(Date.now() - replayMs).toISOString()} at most, and what followed the cursor ` +
    `is older (${inWords(lost)}). ${howToGoOn}`;
  const details = { reason: 'REPLAY', lost, earliest: cursorAt(stream, args, laterOf(earliest, position)) };
  throw new TributaryError('CURSOR_EXPIRED', what, { details });
};

const between = (position: Position, earliest: Position): readonly LostRange[] =>
  earliest.flatMap((until, partition) => {
    const from = nextOffset(position, partition);
    return from < until ? [{ partition, from, until }] : [];
  });

/** Says what is lost for good, with a cursor from which the rest comes (S11). */
export const expired = (
  stream: ServedStream,
  args: Readonly<Record<string, unknown>>,
  lost: readonly LostRange[],
  goOnAt: Position,
): TributaryError => {
  const what = `Kafka no longer holds what followed the cursor (${inWords(lost)}). ${howToGoOn}`;
  const earliest = cursorAt(stream, args, goOnAt);
  return new TributaryError('CURSOR_EXPIRED', what, { details: { reason: 'RETENTION', lost, earliest } });
};

const truncatedError = (
  stream: ServedStream,
  args: Readonly<Record<string, unknown>>,
  { position }: Cursor,
  lost: readonly LostRange[],
): TributaryError => {
  const goOnAt = position.map(
    (next, partition) => lost.find((range) => range.partition === partition)?.from ?? next,
  );
  const what =
    `Kafka lost records that were read before the cursor was made, in an unclean leader election ` +
    `(${inWords(lost)}); other records may have their offsets now. ${howToGoOn}`;
  const earliest = cursorAt(stream, args, goOnAt);
  return new TributaryError('CURSOR_EXPIRED', what, { details: { reason: 'TRUNCATED', lost, earliest } });
};

const howToGoOn = 'Subscribe from the cursor "earliest" of this error, from EARLIEST or from a time.';

const inWords = (lost: readonly LostRange[]): string =>
  lost.map(({ partition, from, until }) => `partition ${partition}: ${from} to ${until - 1}`).join(', ');

const cursorAt = (
  stream: ServedStream,
  args: Readonly<Record<string, unknown>>,
  position: Position,
): string => {
  const { clusterId, topicId } = stream.source.topic;
  const filterHash = hashOf(stream, args);
  return encodeCursor({
    clusterId,
    topicId,
    position,
    epochs: [],
    time: Date.now(),
    filterHash,
    snapshotUntil: null,
  });
};

/** A cursor ahead of this replica is not truncated: wait, then say that it may be tried again (S11). */
export const waitUntilReached = async (
  source: TopicSource,
  position: Position,
  signal: AbortSignal,
): Promise<void> => {
  if (covers(source.stream.position, position)) return;
  if (await source.stream.reaches(position, aheadWaitMs, signal)) return;
  throw new TributaryError(
    'NOT_YET',
    `This replica has not read "${source.topic.name}" as far as the cursor; it waited ${aheadWaitMs / 1000} s. Try again.`,
  );
};

/** A position that the cluster told, once this replica has read as far. */
const readTo = async (source: TopicSource, position: Position, signal: AbortSignal): Promise<Position> => {
  await waitUntilReached(source, position, signal);
  return position;
};

/** Where an event stream begins of which `replayMs` may be asked for; null: all that Kafka has. */
const reachable = async ({ source }: ServedStream, replayMs: number | null): Promise<Position> => {
  const earliest = await source.topic.earliest();
  if (replayMs === null) return earliest;
  // To the second, so that those who ask at once ask the same.
  const bound = await source.topic.at(Math.floor((Date.now() - replayMs) / 1_000) * 1_000);
  return earliest.map((first, partition) => Math.max(first, nextOffset(bound, partition)));
};

const refuseTooEarly = ({ description }: ServedStream, time: number): void => {
  const earliestTime =
    description.replayMs === null ? Number.NEGATIVE_INFINITY : Date.now() - description.replayMs;
  if (time >= earliestTime) return;
  throw new TributaryError(
    'BAD_USER_INPUT',
    `"${description.field}" goes back to ${new Date(earliestTime).toISOString()} at most, and ${new Date(time).toISOString()} is before that. Give a later time.`,
  );
};
