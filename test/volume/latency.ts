import { setTimeout as pace } from 'node:timers/promises';
import { operations } from './graph.ts';
import type { Stream } from './streams.ts';
import { openStream } from './streams.ts';
import type { Topics } from './topics.ts';

const perSecond = 20;
const now = (): number => performance.timeOrigin + performance.now();

export interface Delays {
  readonly median: number;
  readonly p99: number;
  readonly worst: number;
  readonly samples: number;
}

/** Clients of a live event stream, and a producer that writes 20 events a second: the delay from it to each of them. */
export class LatencyProbe {
  readonly #topics: Topics;
  readonly #topic: string;
  readonly #streams: readonly Stream[];
  readonly #joined: Promise<unknown>;
  #delays: number[] = [];
  #awaited = 0;
  #arrived: (() => void) | null = null;
  #id = 0;

  constructor(topics: Topics, topic: string, url: string, clients: number) {
    this.#topics = topics;
    this.#topic = topic;
    const joined = Array.from({ length: clients }, () => Promise.withResolvers<void>());
    this.#streams = joined.map(({ resolve, reject }, index) =>
      openStream(index % 4 === 3 ? 'SSE' : 'ws', {
        url,
        query: operations.ticks,
        progress: () => resolve(),
        take: ({ data }) => this.#take((data.ticks as { sentAt: number }).sentAt),
        ended: (how) => reject(new Error(`a client of the live stream was cut off: ${how}`)),
      }),
    );
    this.#joined = Promise.all(joined.map(({ promise }) => promise));
  }

  /** Writes while `work` runs, at least for `seconds`; resolves when all that was written has come to all clients. */
  async during(seconds: number, work: Promise<unknown> = Promise.resolve()): Promise<Delays> {
    await this.#joined;
    this.#delays = [];
    this.#awaited = 0;
    let working = true;
    const over = work.finally(() => {
      working = false;
    });
    over.catch(() => undefined);
    const until = now() + seconds * 1_000;
    while (working || now() < until) {
      this.#awaited += this.#streams.length;
      const [sentAt, id] = [now(), this.#id++];
      await Promise.all([this.#topics.tick(this.#topic, id, sentAt), pace(1_000 / perSecond)]);
    }
    await over;
    await this.#all();
    return summary(this.#delays);
  }

  close(): void {
    for (const stream of this.#streams) stream.close();
  }

  #take(sentAt: number): void {
    this.#delays.push(now() - sentAt);
    if (this.#delays.length === this.#awaited) this.#arrived?.();
  }

  #all(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#arrived = resolve;
    if (this.#delays.length === this.#awaited) resolve();
    return promise;
  }
}

const summary = (delays: readonly number[]): Delays => {
  const sorted = delays.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return { median: at(0.5), p99: at(0.99), worst: at(1), samples: sorted.length };
};
