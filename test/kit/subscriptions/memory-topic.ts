import type { StreamDescription } from '../../../schema/description.ts';
import type { Position } from '../../../schema/position.ts';
import type { Topic } from '../../../subgraphs/kit/kafka/topic.ts';
import type { DecodedRecord, RawBatch, RawRecord } from '../../../subgraphs/kit/records.ts';
import type { StreamEvent } from '../../../subgraphs/kit/stream/event.ts';
import { Stream } from '../../../subgraphs/kit/stream/stream.ts';
import type { SubscriptionRequest } from '../../../subgraphs/kit/subscriptions/request.ts';
import type { OpenSubscription } from '../../../subgraphs/kit/subscriptions/subscription.ts';
import type { ServedStream, TopicSource } from '../../../subgraphs/kit/topic-source.ts';
import type { ScanPage, StoredRow, View } from '../../../subgraphs/kit/view/view.ts';

/** A stand-in for one topic, for unit tests of what stands on it; says nothing of Kafka. */
export class MemoryTopic {
  readonly log: { offset: number; key: string; group: string | null }[][];
  readonly rows = new Map<string, StoredRow>();
  readonly stream: Stream;
  sideFetches = 0;
  /** What `earliest()` says. */
  readonly logStart: number[];
  /** What `at()` says, of any time or of each; null: the stream's position. */
  atTime: Position | ((timestampMs: number) => Position) | null = null;
  readonly #compact: boolean;
  readonly #committed: number[];

  constructor(partitions: number, options: { compact: boolean; windowBytes: number }) {
    this.#compact = options.compact;
    this.log = Array.from({ length: partitions }, () => []);
    this.#committed = this.log.map(() => 0);
    this.logStart = this.log.map(() => 0);
    this.stream = new Stream({
      start: this.log.map(() => 0),
      window: { bytes: options.windowBytes, ageMs: 1_000_000 },
    });
  }

  /** Appends a record of 10 bytes, and publishes it; null for `group` is a tombstone. */
  append(partition: number, key: string, group: string | null): number {
    const { offset, publish } = this.commit(partition, key, group);
    publish();
    return offset;
  }

  /** The same up to the view's commit: as in a process, where the stream publishes a moment later (S16). */
  commit(
    partition: number,
    key: string,
    group: string | null,
  ): { readonly offset: number; readonly publish: () => void } {
    const records = this.log[partition] ?? [];
    const offset = records.length;
    records.push({ offset, key, group });
    const old = this.rows.get(key)?.row ?? null;
    const row = group === null ? null : { id: key, group, offset };
    const state = row === null ? 'TOMBSTONE' : 'ROW';
    this.rows.set(key, { key, state, row, partition, offset, timestamp: 0 });
    const event: StreamEvent = {
      partition,
      offset,
      timestamp: 0,
      key,
      state,
      row,
      old,
      oldUnreadable: false,
      bytes: 10,
    };
    this.#committed[partition] = offset + 1;
    return {
      offset,
      publish: () =>
        this.stream.publish(partition, [this.#compact ? event : { ...event, old: null }], offset + 1),
    };
  }

  served(description: Partial<StreamDescription> = {}): ServedStream {
    const change = this.#compact
      ? { type: 'Change', of: 'Thing', kindField: 'kind', keyField: 'key', valueField: 'thing' }
      : null;
    return {
      source: this.#source(),
      description: {
        field: 'things',
        payload: 'Thing',
        type: 'Thing',
        change,
        filters: [{ argument: 'group', field: 'group', operator: 'EQUAL' }],
        fromArgument: 'from',
        snapshot: this.#compact,
        replayMs: null,
        ...description,
      },
    };
  }

  #source(): TopicSource {
    const { stream } = this;
    const topic = {
      name: 'things',
      clusterId: 'cluster',
      topicId: 'topic',
      earliest: async () => [...this.logStart],
      at: async (timestampMs: number) =>
        typeof this.atTime === 'function' ? this.atTime(timestampMs) : (this.atTime ?? stream.position),
      readRange: (from: Position, until: Position) => this.#range(from, until),
    } as unknown as Topic;
    return {
      description: { type: 'Thing', name: 'things' } as TopicSource['description'],
      topic,
      stream,
      view: this.#compact ? this.#view() : null,
      tombstoneRetentionMs: 86_400_000,
      epochs: [],
      isReady: true,
      ready: Promise.resolve(),
      decode: (batch) => batch.records.map((record) => this.#decode(batch.partition, record)),
      decodeOne: (record, partition) => this.#decode(partition, record),
    };
  }

  async *#range(from: Position, until: Position): AsyncGenerator<RawBatch> {
    this.sideFetches++;
    for (const [partition, records] of this.log.entries()) {
      for (let offset = from[partition] ?? 0; offset < (until[partition] ?? 0); offset += 3) {
        await Promise.resolve();
        const raw = records.slice(offset, offset + 3).map(
          (record): RawRecord => ({
            offset: record.offset,
            timestamp: 0,
            key: null,
            value: null,
            headers: [],
          }),
        );
        const next = (raw.at(-1)?.offset ?? offset) + 1;
        yield {
          partition,
          records: raw,
          undecodable: [],
          next,
          leaderEpoch: 0,
          lastStableOffset: next,
          highWatermark: next,
          logStartOffset: 0,
        };
      }
    }
  }

  #decode(partition: number, { offset }: RawRecord): DecodedRecord {
    const record = this.log[partition]?.[offset];
    const row = record?.group == null ? null : { id: record.key, group: record.group, offset };
    return {
      partition,
      offset,
      timestamp: 0,
      key: record?.key ?? null,
      state: row === null ? 'TOMBSTONE' : 'ROW',
      row,
      bytes: 10,
    };
  }

  #view(): View {
    const { rows } = this;
    const committed = this.#committed;
    return {
      get position() {
        return [...committed];
      },
      scan: async ({
        partition,
        from,
        limit,
      }: {
        partition: number;
        from: number;
        limit: number;
      }): Promise<ScanPage> => {
        const found = [...rows.values()]
          .filter((row) => row.partition === partition && row.offset >= from)
          .sort((a, b) => a.offset - b.offset);
        const page = found.slice(0, limit);
        const isLast = page.length === found.length;
        return { rows: page, position: [...committed], isLast, bytes: page.length * 10 };
      },
    } as unknown as View;
  }
}

export interface Received {
  readonly kind: string | null;
  readonly key: string | null;
  readonly at: readonly [number, number] | null;
  readonly cursor: string;
}

/** A request whose results carry the delivery, so that tests see what was sent. */
export const request = (
  stream: ServedStream,
  args: Record<string, unknown> = {},
  start: Partial<SubscriptionRequest['start']> = {},
): SubscriptionRequest & {
  readonly started: string[];
  readonly ended: string[];
  readonly snapshots: boolean[];
} => {
  const started: string[] = [];
  const ended: string[] = [];
  const snapshots: boolean[] = [];
  return {
    stream,
    args,
    identity: JSON.stringify(args),
    start: { cursor: null, from: null, live: false, until: null, ...start },
    execute: async (sent) => sent.map(({ delivery }) => ({ data: { delivery } })),
    onStart: (cursor, snapshotDue) => {
      started.push(cursor);
      snapshots.push(snapshotDue);
    },
    onEnd: (cursor) => ended.push(cursor),
    started,
    ended,
    snapshots,
  };
};

/** Takes `count` events, or all until the end. */
export const receive = async (
  subscription: OpenSubscription,
  count = Number.POSITIVE_INFINITY,
): Promise<Received[]> => {
  const received: Received[] = [];
  while (received.length < count) {
    const result = await subscription.next();
    if (result.done === true) break;
    const { delivery } = result.value.data as { delivery: { kind: string | null; key: string | null } };
    const { at, cursor } = (result.value.extensions as { tributary: Pick<Received, 'at' | 'cursor'> })
      .tributary;
    received.push({ kind: delivery.kind, key: delivery.key, at, cursor });
  }
  return received;
};
