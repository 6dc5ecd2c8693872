import { describe, expect, test } from 'vitest';
import type { StreamEvent } from '../../../subgraphs/kit/stream/event.ts';
import { type LostRange, Stream } from '../../../subgraphs/kit/stream/stream.ts';
import { LiveOperation } from '../../../subgraphs/kit/subscriptions/live-operation.ts';
import { Mailbox } from '../../../subgraphs/kit/subscriptions/mailbox.ts';

const event = (offset: number): StreamEvent => ({
  partition: 0,
  offset,
  timestamp: 0,
  key: `${offset}`,
  state: 'ROW',
  row: { offset },
  old: null,
  oldUnreadable: false,
  bytes: 10,
});

const setup = () => {
  const stream = new Stream({ start: [0] });
  const calls: number[][] = [];
  let gate = Promise.resolve();
  let empty = 0;
  const operation = new LiveOperation<number>({
    stream,
    change: false,
    filters: [],
    execute: async (sent) => {
      const offsets = sent.map(({ delivery }) => delivery.at?.[1] ?? -1);
      calls.push(offsets);
      await gate;
      return offsets;
    },
    onEmpty: () => empty++,
  });
  const listener = () => {
    const taken: number[] = [];
    const lost: LostRange[] = [];
    const told = Promise.withResolvers<void>();
    const waiting: { count: number; resolve: () => void }[] = [];
    return {
      taken,
      take: (results: readonly number[]) => {
        taken.push(...results);
        for (const { count, resolve } of waiting) if (taken.length >= count) resolve();
      },
      overrun: () => taken.push(-1),
      lost,
      told: told.promise,
      missed: (range: LostRange) => {
        lost.push(range);
        told.resolve();
      },
      has: (count: number) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        if (taken.length >= count) resolve();
        else waiting.push({ count, resolve });
        return promise;
      },
    };
  };
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    return resolve;
  };
  return { stream, operation, calls, listener, hold, emptied: () => empty };
};

describe('a live operation', () => {
  test('executes an event once for all its listeners, and those of one turn together', async () => {
    const { stream, operation, calls, listener } = setup();
    const [first, second] = [listener(), listener()];
    operation.attach(first);
    operation.attach(second);
    stream.publish(0, [event(0), event(1)], 2);
    await Promise.all([first.has(2), second.has(2)]);
    expect(calls).toEqual([[0, 1]]);
    expect(second.taken).toEqual([0, 1]);
  });

  test('a listener takes nothing that was published before it came, though it is still in execution', async () => {
    const { stream, operation, listener, hold } = setup();
    const [early, late] = [listener(), listener()];
    operation.attach(early);
    const open = hold();
    stream.publish(0, [event(0)], 1);
    await Promise.resolve();
    stream.publish(0, [event(1)], 2);
    operation.attach(late);
    stream.publish(0, [event(2)], 3);
    open();
    await Promise.all([early.has(3), late.has(1)]);
    expect(early.taken).toEqual([0, 1, 2]);
    expect(late.taken).toEqual([2]);
  });

  test('the first of two leaving does not silence the other; the last one ends it', async () => {
    const { stream, operation, listener, calls, emptied } = setup();
    const [first, second] = [listener(), listener()];
    const leave = operation.attach(first);
    const leaveSecond = operation.attach(second);
    leave();
    leave();
    stream.publish(0, [event(0)], 1);
    await second.has(1);
    expect(first.taken).toEqual([]);
    expect(emptied()).toBe(0);
    leaveSecond();
    expect(emptied()).toBe(1);
    stream.publish(0, [event(1)], 2);
    expect(calls).toEqual([[0]]);
  });

  test('S20 what waits for execution is bounded: listeners are cut off', () => {
    const { stream, operation, listener, hold } = setup();
    const slow = listener();
    operation.attach(slow);
    hold();
    for (let offset = 0; offset < 20_002; offset += 1) stream.publish(0, [event(offset)], offset + 1);
    expect(slow.taken).toEqual([-1]);
  });

  test('S20 the bound is of all that waits, however many listeners came meanwhile', () => {
    const { stream, operation, listener, hold } = setup();
    const slow = listener();
    operation.attach(slow);
    hold();
    for (let offset = 0; offset < 20_002; offset += 1) {
      stream.publish(0, [event(offset)], offset + 1);
      if (offset % 5_000 === 0) operation.attach(listener());
    }
    expect(slow.taken).toEqual([-1]);
  });

  test('S11 what retention took before it was read is told to the listeners, behind what came before', async () => {
    const { stream, operation, listener } = setup();
    const one = listener();
    operation.attach(one);
    stream.publish(0, [event(0)], 1);
    await one.has(1);
    stream.skip(0, 10);
    await one.told;
    expect(one.lost).toEqual([{ partition: 0, from: 1, until: 10 }]);
    expect(stream.position).toEqual([10]);
    expect(stream.holdsFrom([1])).toBe(false);
    expect(stream.holdsFrom([10])).toBe(true);
  });
});

describe('the mailbox', () => {
  const never = new AbortController().signal;

  test('gives all that is there, and waits for the first', async () => {
    const mailbox = new Mailbox<number>(10);
    const waiting = mailbox.take(never);
    mailbox.put([1, 2]);
    expect(await waiting).toEqual([1, 2]);
    mailbox.put([3]);
    mailbox.put([4]);
    expect(await mailbox.take(never)).toEqual([3, 4]);
  });

  test('S20 beyond its bound it gives what came before, then says so', async () => {
    const mailbox = new Mailbox<number>(2);
    mailbox.put([1, 2]);
    mailbox.put([3]);
    mailbox.put([4]);
    expect(await mailbox.take(never)).toEqual([1, 2]);
    expect(await mailbox.take(never)).toBe('OVERRUN');
  });

  test('a waiting take ends by the signal', async () => {
    const stop = new AbortController();
    const waiting = new Mailbox<number>(2).take(stop.signal);
    stop.abort();
    expect(await waiting).toBeNull();
  });
});
