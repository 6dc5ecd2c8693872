import { setTimeout as wait } from 'node:timers/promises';
import type { Admin } from 'kafkajs';

const pauseMs = 100;

/** What brokers say of a topic that the controller has made, until they have heard of it and of its leaders. */
const notYet: ReadonlySet<unknown> = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE']);

/**
 * Resolves when every partition of the topics has a leader; rejects when the signal aborts, or the broker says anything
 * but that it does not know yet. kafkajs's own `waitForLeaders` gives up where the broker has not heard of the topic,
 * which a busy one has not for a moment.
 */
export const untilLed = async (
  admin: Pick<Admin, 'fetchTopicMetadata'>,
  topics: string[],
  signal: AbortSignal,
): Promise<void> => {
  for (;;) {
    try {
      await admin.fetchTopicMetadata({ topics });
      return;
    } catch (error) {
      if (!notYet.has((error as { readonly type?: unknown }).type)) throw error;
    }
    await wait(pauseMs, undefined, { signal });
  }
};
