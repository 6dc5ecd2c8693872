import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { DecodedRecord, Row } from '../../../../subgraphs/kit/records.ts';
import { connectRedis } from '../../../../subgraphs/kit/view/redis/connection.ts';
import { openRedisView } from '../../../../subgraphs/kit/view/redis/redis-view.ts';
import type { View, ViewChange } from '../../../../subgraphs/kit/view/view.ts';
import { flights, identity, queries, recordOf } from '../flights.ts';

/** The records of one partition of a topic, for views to be fed from and to be filled from again. */
export class Records {
  readonly all: DecodedRecord[] = [];

  /** Null is a tombstone. */
  add(key: string, row: Row | null): this {
    this.all.push(recordOf(0, this.all.length, key, row));
    return this;
  }

  /** So many records of so many keys, each with its own number. */
  fill(count: number, keys: number): this {
    for (let n = this.all.length, end = n + count; n < end; n++) {
      this.add(`K${n % keys}`, n % 7 === 6 ? null : { n, origin: n % 2 === 0 ? 'JFK' : 'EWR' });
    }
    return this;
  }

  /** Each record with the row before it, as every replica has to hand it out. */
  changes(): [number, unknown, unknown][] {
    const latest = new Map<string | null, Row | null>();
    return this.all.map(({ offset, key, row }) => {
      const old = latest.get(key) ?? null;
      latest.set(key, row);
      return [offset, row, old];
    });
  }

  rows(): Map<string, Row> {
    const latest = new Map(this.all.map(({ key, row }) => [key ?? '', row]));
    return new Map([...latest].filter((entry): entry is [string, Row] => entry[1] !== null));
  }
}

export interface ReplicaOptions {
  readonly url: string;
  readonly namespace: string;
  readonly records: Records;
  readonly logEntries?: number;
  readonly deadlineMs?: number;
  readonly tombstoneRetentionMs?: number;
  /** Called before the topic is read again. */
  readonly replayed?: () => Promise<void>;
  /** When it is read again, only the latest record of each key is left. */
  readonly isCompacted?: boolean;
}

/** One of several processes that serve a view: what it handed out, and how far. */
export interface Replica {
  readonly view: View;
  readonly handedOut: readonly ViewChange[];
  readonly messages: readonly string[];
  /** Applies what follows, up to `until`. */
  read(until: number): Promise<void>;
  /** Resolves when the view has said so. */
  said(message: string): Promise<void>;
}

/** Under which all records were written. */
export const leaderEpoch = 5;

export const newNamespace = (): string => randomBytes(6).toString('hex');

export async function openReplica(options: ReplicaOptions): Promise<Replica> {
  const { url, namespace, records, logEntries = 4_096, deadlineMs = 1_000, tombstoneRetentionMs } = options;
  const messages: string[] = [];
  const listeners = new Set<() => void>();
  const say = (_: object, message: string): void => {
    messages.push(message);
    for (const listener of listeners) listener();
  };
  const log = { info: say, warn: say, error: say };
  const connection = await connectRedis({ url, log, deadlineMs });
  const view = await openRedisView({
    connection,
    description: flights,
    queries,
    identity,
    partitions: 1,
    namespace,
    logEntries,
    log,
    ...(tombstoneRetentionMs === undefined ? {} : { tombstoneRetentionMs }),
    source: {
      latest: async () => [records.all.length],
      async *replay(partition, from, until) {
        await options.replayed?.();
        const latest = new Map(records.all.map(({ key, offset }) => [key, offset]));
        const isLeft = ({ key, offset }: DecodedRecord): boolean =>
          options.isCompacted !== true || latest.get(key) === offset;
        for (let start = from; start < until; start += 100) {
          const next = Math.min(start + 100, until);
          yield { partition, records: records.all.slice(start, next).filter(isLeft), next, leaderEpoch };
        }
      },
    },
  });
  onTestFinished(async () => {
    await view.close();
    await connection.close();
  });
  const handedOut: ViewChange[] = [];
  let position = view.position[0] ?? 0;
  return {
    view,
    handedOut,
    messages,
    async read(until) {
      const from = position;
      position = until;
      handedOut.push(
        ...(await view.apply({
          partition: 0,
          records: records.all.slice(from, until),
          next: until,
          leaderEpoch,
        })),
      );
    },
    said: (message) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (!messages.some((each) => each.includes(message))) return;
          listeners.delete(check);
          resolve();
        };
        listeners.add(check);
        check();
      }),
  };
}

/** A change as `Records.changes` has it; `UNKNOWN` where the replaced row is not known any more. */
export const summary = ({ record, old, oldUnknown }: ViewChange): [number, unknown, unknown] => [
  record.offset,
  record.row,
  oldUnknown ? 'UNKNOWN' : (old?.row ?? null),
];
