import type { Logger } from 'pino';
import { encodeCursor } from '../../schema/cursor/index.ts';
import type { Position } from '../../schema/position.ts';
import type { Topic } from './kafka/topic.ts';

/** Every event carries a cursor, and a browser sends it back in a header (S6). */
const longCursor = 1_024;

/** Warns when the cursors of a topic are long at its present position: they grow with its partitions. */
export const warnOfLongCursors = (topic: Topic, position: Position, log: Pick<Logger, 'warn'>): void => {
  const { clusterId, topicId, name } = topic;
  const progress = { position, epochs: position.map(() => 0), time: Date.now(), snapshotUntil: null };
  const bytes = encodeCursor({ clusterId, topicId, filterHash: 0, ...progress }).length;
  if (bytes <= longCursor) return;
  log.warn(
    { topic: name, partitions: position.length, bytes },
    `cursors of this topic have ${bytes} bytes, since it has ${position.length} partitions: each event carries one`,
  );
};
