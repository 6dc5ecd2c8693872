import type { HeldBack } from '../../subgraphs/kit/kafka/held-back.ts';
import { hungAfterSeconds } from '../../subgraphs/kit/kafka/hung-transaction.ts';
import { longCursor } from '../../subgraphs/kit/long-cursors.ts';
import type { Warning } from './check.ts';

/** What a subgraph tells of a topic in /health/ready, as far as it is warned of. One of another version may leave parts away. */
export interface TopicHealth {
  readonly topic: string;
  readonly position?: readonly number[];
  readonly cursorBytes?: number;
  readonly heldBack?: HeldBack | null;
}

/** What does not keep a subgraph from serving, but its clients from having all of it soon. */
export const topicWarnings = (health: TopicHealth): readonly Warning[] =>
  [hungTransaction(health), longCursors(health)].filter((warning) => warning !== null);

const hungTransaction = ({ topic, heldBack }: TopicHealth): Warning | null => {
  if (heldBack == null || heldBack.seconds < hungAfterSeconds) return null;
  const { partition, from, records, seconds } = heldBack;
  const since = new Date(Date.now() - seconds * 1_000).toISOString();
  const place = `--topic ${topic} --partition ${partition}`;
  return {
    detail: `${topic}: a transaction that is open since ${since} holds back ${records} record${records === 1 ? '' : 's'} of partition ${partition} from all who read it`,
    cure: `Find its producer: kafka-transactions.sh --bootstrap-server … describe-producers ${place} (or find-hanging ${place}). End it; if it is gone: abort ${place} --start-offset ${from}`,
  };
};

/** Cursors get longer with each partition, and somewhat with each offset (S6). */
const longCursors = ({ topic, cursorBytes = 0, position = [] }: TopicHealth): Warning | null =>
  cursorBytes <= longCursor
    ? null
    : {
        detail: `${topic}: its cursors have ${cursorBytes} bytes, since it has ${position.length} partitions: each event carries one, and a client that comes back sends it, over SSE in a header`,
        cure: 'Choose fewer partitions where you can; else see that proxies take headers of this length.',
      };
