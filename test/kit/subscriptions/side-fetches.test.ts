import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { covers, type Position } from '../../../schema/position.ts';
import { type CatchUpLimits, catchUpLimits } from '../../../subgraphs/kit/subscriptions/limits.ts';
import { SideFetches } from '../../../subgraphs/kit/subscriptions/side-fetches.ts';
import { slowSeats } from '../../../subgraphs/kit/subscriptions/slow-seats.ts';
import { MemoryTopic } from './memory-topic.ts';

const never = new AbortController().signal;
const turn = () => new Promise(setImmediate);

/** A topic whose window holds its last three records. */
const setup = (records: number, limits: Partial<CatchUpLimits> = {}) => {
  const topic = new MemoryTopic(2, { compact: false, windowBytes: 30 });
  for (let n = 0; n < records; n++) topic.append(n % 2, `k${n}`, n % 3 === 0 ? 'a' : 'b');
  const { source } = topic.served();
  const fetches = new SideFetches({ ...catchUpLimits, gatherMs: 0, chunkRecords: 3, ...limits });
  const join = (from: Position, group: string | null = null, until: Position | null = null) => {
    const filters = group === null ? [] : [{ field: 'group', operator: 'EQUAL' as const, value: group }];
    return fetches.join(source, { filters, from, until }, never);
  };
  return { topic, fetches, join };
};

type Joined = Awaited<ReturnType<ReturnType<typeof setup>['join']>>;

const placesOf = async (seat: Joined): Promise<string[]> => {
  const places: string[] = [];
  for (let sent = await seat.take(never); sent !== null; sent = await seat.take(never)) {
    places.push(...sent.map(({ delivery }) => `${delivery.at?.[0]}/${delivery.at?.[1]}`));
  }
  seat.leave();
  return places;
};

/** Places of the topic, as the log has them. */
const logged = (topic: MemoryTopic, from: Position, until: Position, group: string | null = null) =>
  topic.log.flatMap((records, partition) =>
    records
      .filter(({ offset }) => offset >= (from[partition] ?? 0) && offset < (until[partition] ?? 0))
      .filter((record) => group === null || record.group === group)
      .map(({ offset }) => `${partition}/${offset}`),
  );

describe('S22 clients share side fetches', () => {
  test('S22 those that come at once share one from the lowest position, each from its own on', async () => {
    const { topic, fetches, join } = setup(60);
    const seats = await Promise.all([join([10, 4], 'a'), join([0, 0], 'b'), join([20, 25])]);
    const places = await Promise.all(seats.map(placesOf));
    const end = seats[0]?.position ?? [];
    expect(places[0]?.sort()).toEqual(logged(topic, [10, 4], end, 'a').sort());
    expect(places[1]?.sort()).toEqual(logged(topic, [0, 0], end, 'b').sort());
    expect(places[2]?.sort()).toEqual(logged(topic, [20, 25], end).sort());
    expect(topic.stream.holdsFrom(end)).toBe(true);
    expect(topic.sideFetches).toBe(1);
    expect(fetches.counters).toMatchObject({ opened: 1, clients: 0, joined: 3 });
    await expect.poll(() => fetches.counters.running).toBe(0);
  });

  test('S22 who comes while it runs joins when it is not yet beyond, else begins another one', async () => {
    const { topic, join } = setup(60);
    const first = await join([0, 0]);
    await first.take(never);
    // It stands still behind two chunks, since the first client has taken one of them.
    await turn();
    const [beyond, before] = [await join([25, 25]), await join([1, 0])];
    expect(topic.sideFetches).toBe(2);
    const [, fromBeyond, fromBefore] = await Promise.all([first, beyond, before].map(placesOf));
    expect(fromBeyond?.sort()).toEqual(logged(topic, [25, 25], beyond.position).sort());
    expect(fromBefore?.sort()).toEqual(logged(topic, [1, 0], before.position).sort());
  });

  test('S14 S22 a bounded client ends at its end, with a cursor that is not beyond it', async () => {
    const { topic, join } = setup(60);
    const [bounded, other] = await Promise.all([join([0, 0], null, [9, 20]), join([0, 0])]);
    const [places] = await Promise.all([placesOf(bounded), placesOf(other)]);
    expect(places.sort()).toEqual(logged(topic, [0, 0], [9, 20]).sort());
    expect(bounded.position).toEqual([9, 20]);
  });

  test('S22 only so many run at once; who gets none in time is told to try again', async () => {
    const { fetches, join } = setup(60, { sideFetches: 1, queueMs: 20 });
    const slow = await join([5, 5]);
    await expect(join([0, 0])).rejects.toMatchObject({ code: 'NOT_YET', extensions: { retryable: true } });
    expect(fetches.counters).toMatchObject({ opened: 1, refused: 1, waiting: 0 });
    const waiting = join([0, 0]);
    slow.leave();
    await placesOf(await waiting);
  });

  test('S22 the queue is bounded', async () => {
    const { join } = setup(60, { queueLength: 1 });
    const [first, second] = await Promise.allSettled([join([0, 0]), join([0, 0])]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'NOT_YET' } });
  });

  test('S22 a client whose side fetch ends by an error is told it, and one whose client leaves takes nothing', async () => {
    const { topic, fetches, join } = setup(60);
    const { source } = topic.served();
    const broken = {
      ...source,
      decode: () => {
        throw new Error('broken');
      },
    };
    const seat = await fetches.join(broken, { filters: [], from: [0, 0], until: null }, never);
    await expect(seat.take(never)).rejects.toThrow('broken');
    const left = await join([0, 0]);
    left.leave();
    await turn();
    expect(fetches.counters).toMatchObject({ clients: 0, waiting: 0 });
  });
});

describe('S22 a slow client', () => {
  test('S22 is detached, keeps its position, and the others go on', async () => {
    const { topic, fetches, join } = setup(200, { patienceMs: 20 });
    const [slow, ...others] = await Promise.all([join([0, 0]), join([0, 0]), join([0, 0])]);
    if (slow === undefined) throw new Error('three joined');
    const first = await slow.take(never);
    const taken = await Promise.all(others.map(placesOf));
    for (const [index, places] of taken.entries()) {
      expect(places.sort()).toEqual(logged(topic, [0, 0], others[index]?.position ?? []).sort());
    }
    expect(fetches.counters.detached).toBe(1);
    // Nothing of what waited for it is kept: it goes on behind what it took.
    expect(await slow.take(never)).toBeNull();
    expect(slow.position).toEqual(first?.at(-1)?.position);
    const again = await join(slow.position);
    const rest = await placesOf(again);
    expect((first?.length ?? 0) + rest.length).toBe(logged(topic, [0, 0], again.position).length);
  });

  test('S22 that takes nothing gives its side fetch up, also when it is alone', async () => {
    const { fetches, join } = setup(200, { stallMs: 20 });
    const alone = await join([0, 0]);
    await expect.poll(() => fetches.counters.running).toBe(0);
    expect(fetches.counters.detached).toBe(1);
    expect(await alone.take(never)).toBeNull();
    expect(alone.position).toEqual([0, 0]);
  });

  test('S22 is one that is slower than the others: in a busy process nobody is', () => {
    const limits = { stallMs: 10_000, patienceMs: 1_000 };
    const behind = [{ takenAt: 4_000 }];
    const slow = (now: number, halfAt: number | null, isWanted = false) =>
      slowSeats(behind, { now, since: 0, halfAt, isWanted, limits });
    // More than half of them are behind, and this one took something.
    expect(slow(9_000, null)).toEqual([]);
    expect(slow(14_001, null)).toEqual(behind);
    // The faster half needed 5 s, so the slower one has 5 s more.
    expect(slow(9_999, 5_000)).toEqual([]);
    expect(slow(10_001, 5_000)).toEqual(behind);
    // Others wait for a side fetch.
    expect(slow(5_001, null, true)).toEqual(behind);
  });
});

interface Client {
  readonly from: readonly [number, number];
  readonly group: string | null;
  readonly until: readonly [number, number] | null;
  /** Turns before it joins, and between two takes. */
  readonly late: number;
  readonly pause: number;
}

const pair = fc.tuple(fc.nat(30), fc.nat(30));
const client: fc.Arbitrary<Client> = fc.record({
  from: pair,
  group: fc.constantFrom(null, 'a', 'b', 'c'),
  until: fc.option(pair),
  late: fc.nat(20),
  pause: fc.nat(3),
});

test('S22 whoever joins when, and however slowly it takes: all that matches comes once, in order, with cursors from which the rest comes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(client, { minLength: 1, maxLength: 8 }), async (clients) => {
      const { topic, join } = setup(70);
      const follow = async ({ from, group, until, late, pause }: Client): Promise<void> => {
        for (let n = 0; n < late; n++) await turn();
        const received: string[] = [];
        let position: Position = from;
        for (;;) {
          const isDone = topic.stream.holdsFrom(position) || (until !== null && covers(position, until));
          if (isDone) break;
          const seat = await join(position, group, until);
          for (let sent = await seat.take(never); sent !== null; sent = await seat.take(never)) {
            for (const { delivery, position: behind } of sent) {
              expect(covers(behind, position)).toBe(true);
              received.push(`${delivery.at?.[0]}/${delivery.at?.[1]}`);
              position = behind;
            }
            for (let n = 0; n < pause; n++) await turn();
          }
          position = seat.position;
          seat.leave();
        }
        const expected = logged(topic, from, position, group);
        for (const partition of ['0', '1']) {
          const of = (places: readonly string[]) =>
            places.filter((place) => place.startsWith(`${partition}/`));
          expect(of(received)).toEqual(of(expected));
        }
      };
      await Promise.all(clients.map(follow));
    }),
    { numRuns: 100 },
  );
});
