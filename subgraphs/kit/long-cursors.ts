import type { Logger } from 'pino';
import { encodeCursor } from '../../schema/cursor/index.ts';
import type { Position } from '../../schema/position.ts';
import type { Topic } from './kafka/topic.ts';

/** Above it a cursor is long: every event carries one, and a browser sends it back in a header (S6). Bytes. */
export const longCursor = 1_024;

/** Length of the topic's cursors at a position, as text, in bytes: they grow with its partitions. */
export const cursorBytes = (
  { clusterId, topicId }: Pick<Topic, 'clusterId' | 'topicId'>,
  position: Position,
  epochs: readonly number[],
): number => {
  const progress = { position, epochs, time: Date.now(), snapshotUntil: null };
  return encodeCursor({ clusterId, topicId, filterHash: 0, ...progress }).length;
};

/** Warns when the cursors of a topic are long at its present position. */
export const warnOfLongCursors = (topic: Topic, position: Position, log: Pick<Logger, 'warn'>): void => {
  const epochs = position.map(() => 0);
  const bytes = cursorBytes(topic, position, epochs);
  if (bytes <= longCursor) return;
  log.warn(
    { topic: topic.name, partitions: position.length, bytes },
    `cursors of this topic have ${bytes} bytes, since it has ${position.length} partitions: each event carries one`,
  );
};
