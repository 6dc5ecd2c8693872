import { describe, expect, test } from 'vitest';
import type { StreamEvent } from '../../../subgraphs/kit/stream/event.ts';
import { Stream } from '../../../subgraphs/kit/stream/stream.ts';
import { Window } from '../../../subgraphs/kit/stream/window.ts';

const event = (partition: number, offset: number, bytes = 10): StreamEvent => ({
  partition,
  offset,
  timestamp: 0,
  key: `${offset}`,
  state: 'ROW',
  row: { offset },
  old: null,
  oldUnreadable: false,
  bytes,
});
const offsets = (events: Iterable<StreamEvent>) => [...events].map((each) => [each.partition, each.offset]);

describe('S22 the window', () => {
  test('S22 holds what was published, in that order, from a position on', () => {
    const window = new Window([0, 5]);
    window.push(event(0, 0), 0);
    window.push(event(1, 5), 0);
    window.push(event(0, 1), 0);
    expect(offsets(window.piece([0, 5], 0, 100).events)).toEqual([
      [0, 0],
      [1, 5],
      [0, 1],
    ]);
    expect(offsets(window.piece([1, 6], 0, 100).events)).toEqual([[0, 1]]);
  });

  test('S22 drops the oldest beyond its bytes, and then no longer holds from before it', () => {
    const window = new Window([0], { bytes: 25, ageMs: 1_000 });
    for (let offset = 0; offset < 4; offset++) window.push(event(0, offset), 0);
    expect(offsets(window.piece([0], 0, 100).events)).toEqual([
      [0, 2],
      [0, 3],
    ]);
    expect(window.holdsFrom([1])).toBe(false);
    expect(window.holdsFrom([2])).toBe(true);
  });

  test('S22 drops what is older than its age', () => {
    const window = new Window([0], { bytes: 1_000, ageMs: 100 });
    window.push(event(0, 0), 0);
    window.push(event(0, 1), 90);
    window.evict(150);
    expect(window.size).toBe(1);
    expect(window.holdsFrom([0])).toBe(false);
  });

  test('S22 gives it piece by piece, also while more comes and the oldest is dropped', () => {
    const window = new Window([0, 0], { bytes: 30_000, ageMs: 1_000 });
    const publish = (from: number, until: number): void => {
      for (let offset = from; offset < until; offset++) window.push(event(offset % 2, offset), 0);
    };
    publish(0, 2_500);
    const taken: number[] = [];
    let place = 0;
    for (let last = false; !last; ) {
      const piece = window.piece([2, 0], place, 100);
      expect(piece.events.length).toBeLessThanOrEqual(100);
      taken.push(...piece.events.map(({ offset }) => offset));
      // Drops the first thousand, which were taken by then.
      if (taken.length === 1_099) publish(2_500, 4_000);
      ({ place, last } = piece);
    }
    expect(window.holdsFrom([0, 0])).toBe(false);
    expect(taken).toEqual(Array.from({ length: 4_000 }, (_, offset) => offset).filter((each) => each !== 0));
  });

  test('a long run keeps its array bounded and its order', () => {
    const window = new Window([0], { bytes: 1_000, ageMs: 1_000_000 });
    for (let offset = 0; offset < 10_000; offset++) window.push(event(0, offset), 0);
    expect(window.size).toBe(100);
    expect(offsets(window.piece([9_998], 0, 100).events)).toEqual([
      [0, 9_998],
      [0, 9_999],
    ]);
  });
});

describe('the stream', () => {
  test('S5 its position advances by what the reader says, not by counting records', () => {
    const stream = new Stream({ start: [3] });
    stream.publish(0, [event(0, 4)], 9);
    expect(stream.position).toEqual([9]);
    stream.publish(2, [], 1);
    expect(stream.position).toEqual([9, 0, 1]);
  });

  test('S6 a delivery carries the position behind its own event', () => {
    const stream = new Stream({ start: [0, 0] });
    const seen: unknown[] = [];
    stream.subscribe({
      change: false,
      filters: [],
      deliver: ({ at }, position) => seen.push([at, position]),
      missed: () => undefined,
    });
    stream.publish(1, [event(1, 0), event(1, 3)], 8);
    expect(seen).toEqual([
      [
        [1, 0],
        [0, 1],
      ],
      [
        [1, 3],
        [0, 4],
      ],
    ]);
    expect(stream.position).toEqual([0, 8]);
  });

  test('waiting for a position ends by the position, the time or the signal', async () => {
    const stream = new Stream({ start: [0] });
    const reached = stream.reaches([2], 10_000);
    stream.publish(0, [], 2);
    expect(await reached).toBe(true);
    expect(await stream.reaches([3], 1)).toBe(false);
    const stop = new AbortController();
    const aborted = stream.reaches([3], 10_000, stop.signal);
    stop.abort();
    expect(await aborted).toBe(false);
  });
});
