import { describe, expect, test } from 'vitest';
import type { TopicDescription } from '../../../schema/description.ts';
import { TributaryError } from '../../../schema/errors.ts';
import type { ProducerRecord, WrittenRecord } from '../../../subgraphs/kit/kafka/producer.ts';
import type { Row } from '../../../subgraphs/kit/records.ts';
import type { TopicSource } from '../../../subgraphs/kit/topic-source.ts';
import type { StoredRow } from '../../../subgraphs/kit/view/view.ts';
import { Writer } from '../../../subgraphs/kit/write/writer.ts';

const description: TopicDescription = {
  type: 'Count',
  name: 'counts',
  key: ['id'],
  cleanup: 'COMPACT',
  partitions: 1,
  onInvalid: 'SKIP',
  indexes: [],
  entityKeys: [],
  fields: ['id', 'count'].map((name) => ({
    name,
    source: { kind: 'value', path: [name] },
    type: { kind: 'scalar', name: name === 'id' ? 'ID' : 'Int', nonNull: true },
  })),
};

/** A log, and a view that shows of it what it has been told to; says nothing of Kafka. */
const setup = () => {
  const log: Row[] = [];
  /** Idempotency keys by offset. */
  const keys: (string | undefined)[] = [];
  let shown = 0;
  let fault: 'BEFORE' | 'AFTER' | null = null;
  const waits: { next: number; resolve: (reached: boolean) => void }[] = [];
  const parsed = (record: ProducerRecord): Row => JSON.parse(String(record.value)) as Row;
  const producer = {
    send: async (records: readonly ProducerRecord[]): Promise<readonly WrittenRecord[]> => {
      const failing = fault;
      fault = null;
      if (failing === 'BEFORE') throw new TributaryError('KAFKA_UNAVAILABLE', 'not written');
      const first = log.length;
      for (const [index, { headers }] of records.entries())
        keys[first + index] = headers?.['idempotency-key']?.toString();
      log.push(...records.map(parsed));
      if (failing === 'AFTER') throw new TributaryError('KAFKA_UNAVAILABLE', 'not answered');
      return records.map((_, index) => ({ topicId: 't', partition: 0, offset: first + index, timestamp: 0 }));
    },
    close: async () => undefined,
  };
  const view = {
    get position() {
      return [shown];
    },
    firstResult: async (key: string, idempotencyKey: string): Promise<StoredRow | null> => {
      const offset = log.findIndex((row, at) => at < shown && row.id === key && keys[at] === idempotencyKey);
      const row = log[offset];
      return row === undefined ? null : { key, state: 'ROW', row, partition: 0, offset, timestamp: 0 };
    },
    getMany: async (keys: readonly string[]): Promise<(StoredRow | null)[]> =>
      keys.map((key) => {
        const offset = log.slice(0, shown).findLastIndex(({ id }) => id === key);
        const row = log[offset] ?? null;
        return row && { key, state: 'ROW', row, partition: 0, offset, timestamp: 0 };
      }),
    waitFor: (_partition: number, next: number, timeoutMs: number): Promise<boolean> => {
      if (shown >= next) return Promise.resolve(true);
      if (timeoutMs === 0) return Promise.resolve(false);
      const { promise, resolve } = Promise.withResolvers<boolean>();
      waits.push({ next, resolve });
      return promise;
    },
  };
  const source = {
    description,
    topic: { name: 'counts', topicId: 't', latest: async () => [log.length] },
    view,
    decodeOne: (record: { value: Buffer | null }) => ({ row: JSON.parse(String(record.value)) as Row }),
  } as unknown as TopicSource;
  const writer = new Writer(producer);
  const increment = (idempotencyKey?: string, ifPosition?: readonly [number, number]) =>
    writer.update(
      source,
      'a',
      (row) => ({ ...row, count: Number(row.count) + 1 }),
      () => [],
      { idempotencyKey, ifPosition },
    );
  const put = (row: Row, ifPosition: readonly [number, number]) => writer.put(source, row, { ifPosition });
  const append = (row: Row) => writer.append([{ source, row }]);
  const show = (): void => {
    shown = log.length;
    for (const wait of waits.splice(0)) wait.resolve(true);
  };
  const late = (): void => {
    for (const wait of waits.splice(0)) wait.resolve(false);
  };
  log.push({ id: 'a', count: 0 });
  show();
  const failNext = (when: 'BEFORE' | 'AFTER'): void => {
    fault = when;
  };
  return { log, increment, append, put, show, late, failNext, waiting: () => waits.length };
};

const turn = () => new Promise(setImmediate);

describe('S25 read-modify-write of one key', () => {
  test('S25 a view that stays behind for long never lets an update overwrite what it has not seen', async () => {
    const { log, increment, show, late, waiting } = setup();
    await increment();
    // Whoever waits for the view gives up.
    await turn();
    late();
    const second = increment();
    await turn();
    expect(waiting()).toBe(1);
    late();
    await expect(second).rejects.toMatchObject({ code: 'NOT_YET' });
    const third = increment();
    await turn();
    show();
    expect((await third).row).toEqual({ id: 'a', count: 2 });
    expect(log.map(({ count }) => count)).toEqual([0, 1, 2]);
  });

  test('S25 after a write without an answer the next one waits for what may have been written', async () => {
    const { log, increment, show, failNext } = setup();
    failNext('AFTER');
    await expect(increment()).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
    const next = increment();
    await turn();
    show();
    expect((await next).row).toEqual({ id: 'a', count: 2 });
    expect(log.map(({ count }) => count)).toEqual([0, 1, 2]);
  });

  test('S25 an update waits for a plain append of its key too', async () => {
    const { increment, append, show } = setup();
    await append({ id: 'a', count: 10 });
    const next = increment();
    await turn();
    show();
    expect((await next).row).toEqual({ id: 'a', count: 11 });
  });

  test('S25 the retry of a write without an answer gets what was written, once the view has it', async () => {
    const { log, increment, show, failNext } = setup();
    failNext('AFTER');
    await expect(increment('k')).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
    const retry = increment('k');
    await turn();
    show();
    expect(await retry).toEqual({
      row: { id: 'a', count: 1 },
      written: [{ topicId: 't', partition: 0, offset: 1, timestamp: 0 }],
    });
    expect(log).toHaveLength(2);
  });

  test('S25 the retry of a write that did not happen is carried out', async () => {
    const { log, increment, failNext } = setup();
    failNext('BEFORE');
    await expect(increment('k')).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
    expect((await increment('k')).row).toEqual({ id: 'a', count: 1 });
    expect(log).toHaveLength(2);
  });

  test('S25 a view that stays behind answers NOT_YET rather than carry a request out twice', async () => {
    const { log, increment, late } = setup();
    // Of another replica, as it were: nothing is known of it here but where the topic ends.
    log.push({ id: 'a', count: 1 });
    const retry = increment('k');
    await turn();
    late();
    await expect(retry).rejects.toMatchObject({ code: 'NOT_YET' });
    expect(log).toHaveLength(2);
  });

  test('S25 a write that did not happen holds up nothing', async () => {
    const { increment, failNext } = setup();
    failNext('BEFORE');
    await expect(increment()).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
    expect((await increment()).row).toEqual({ id: 'a', count: 1 });
  });

  test('S25 ifPosition: whoever saw an older row than the latest gets CONFLICT, and nothing is written', async () => {
    const { log, increment, put, show } = setup();
    const [first, second] = [increment(undefined, [0, 0]), increment(undefined, [0, 0])];
    expect((await first).row.count).toBe(1);
    // In its turn, the second one sees what the first one wrote, though the view did not hold it when it was asked.
    show();
    await expect(second).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(put({ id: 'a', count: 9 }, [0, 0])).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(put({ id: 'b', count: 9 }, [0, 0])).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(log.map(({ count }) => count)).toEqual([0, 1]);
    expect((await put({ id: 'a', count: 9 }, [0, 1])).row.count).toBe(9);
  });

  test('S25 ifPosition does not keep a retry from its first result', async () => {
    const { log, increment, show } = setup();
    const first = await increment('k', [0, 0]);
    show();
    expect(await increment('k', [0, 0])).toEqual(first);
    expect(log).toHaveLength(2);
  });
});
