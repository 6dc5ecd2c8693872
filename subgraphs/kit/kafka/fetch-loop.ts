import type { Broker } from '@platformatic/kafka';
import { Backoff } from './backoff.ts';
import type { FetchResponse } from './fetch-answer.ts';
import type { FetchWire } from './fetch-wire.ts';
import type { PartitionQueue } from './partition-queue.ts';
import type { Signal } from './signal.ts';

/** How long a broker holds a fetch open when it has nothing new: the price of an idle topic is four requests a second. */
const idleWaitMs = 250;
/** The same while partitions are left out because the sink is behind: they must not wait for an idle neighbour. */
const pausedWaitMs = 10;
/** An answer of fewer bytes of records came from the end of the log: whoever waits for them gets them ahead of the next fetch. */
const liveBytes = 64 * 1024;
/** Of one answer of one broker. */
const answerBytes = 8 * 1024 * 1024;

/** What a fetch loop asks of its reader. */
export interface FetchLoopHost {
  readonly wire: FetchWire;
  readonly topicId: string;
  readonly signal: AbortSignal;
  /** Notified when partitions, leaders or room in the buffers change. */
  readonly changed: Signal;
  broker(node: number): Broker | undefined;
  /** Partitions that the node leads: those to fetch now, with the bytes that each may bring, and those left out. */
  plan(node: number): FetchPlan;
  /** Returns the bytes of records that the answer brought. */
  answered(node: number, plan: FetchPlan, answer: FetchResponse): number;
  failed(node: number, error: unknown): void;
}

export interface FetchPlan {
  readonly leads: boolean;
  /** Some partitions wait for the sink. */
  readonly paused: boolean;
  readonly due: readonly {
    readonly queue: PartitionQueue;
    readonly offset: number;
    readonly currentLeaderEpoch: number;
    readonly maxBytes: number;
  }[];
}

/**
 * Fetches from one broker what it leads, one request at a time, until it leads nothing or the signal aborts.
 * A broker that does not answer is asked for ever, with growing pauses.
 */
export const runFetchLoop = async (node: number, host: FetchLoopHost): Promise<void> => {
  const backoff = new Backoff();
  let turn = 0;
  while (!host.signal.aborted) {
    const plan = host.plan(node);
    if (!plan.leads) return;
    if (plan.due.length === 0) {
      await host.changed.wait();
      continue;
    }
    turn += 1;
    try {
      const answer = await fetchOnce(node, host, plan, turn);
      if (host.signal.aborted) return;
      const brought = host.answered(node, plan, answer);
      backoff.succeeded();
      if (brought > 0 && brought < liveBytes) await behindThisTurn();
    } catch (error) {
      if (host.signal.aborted) return;
      host.failed(node, error);
      await backoff.pause(host.signal);
    }
  }
};

/**
 * Behind what is written at the end of this turn of the loop. The write of a fetch wakes the broker, which took a quarter
 * of a millisecond on a machine of two cores: of each event's way. The tick lets the microtasks go first, which schedule that write.
 */
const behindThisTurn = (): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  process.nextTick(() => setImmediate(resolve));
  return promise;
};

const fetchOnce = (
  node: number,
  host: FetchLoopHost,
  plan: FetchPlan,
  turn: number,
): Promise<FetchResponse> => {
  const broker = host.broker(node);
  if (broker === undefined) throw new Error(`The cluster does not list its node ${node}.`);
  return host.wire.fetch(node, broker, {
    topicId: host.topicId,
    maxBytes: answerBytes,
    maxWaitMs: plan.paused ? pausedWaitMs : idleWaitMs,
    partitions: rotated(plan.due, turn).map(({ queue, offset, currentLeaderEpoch, maxBytes }) => ({
      partition: queue.partition,
      currentLeaderEpoch,
      offset,
      lastFetchedEpoch: queue.leaderEpoch,
      maxBytes,
    })),
  });
};

/** Brokers fill an answer in the order asked, so each partition comes first in its turn. */
const rotated = <Item>(items: readonly Item[], turn: number): Item[] => {
  const start = turn % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
};
