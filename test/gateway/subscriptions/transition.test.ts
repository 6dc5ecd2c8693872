import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeEvent } from '../../../gateway/subscriptions/event.ts';
import { chooseJoin, closesTheGap, reachedBy, Transition } from '../../../gateway/subscriptions/joining.ts';
import { Ring, RingBudget } from '../../../gateway/subscriptions/ring.ts';
import { decodeCursor } from '../../../schema/cursor/decode.ts';
import { encodeCursor } from '../../../schema/cursor/encode.ts';
import { advanced, covers, laterOf, nextOffset, type Position } from '../../../schema/position.ts';

const cursorAt = (
  position: Position,
  more: Partial<{ topicId: string; filterHash: number; snapshotUntil: Position }> = {},
): string =>
  encodeCursor({
    clusterId: 'c',
    topicId: 't',
    position,
    epochs: [],
    time: 1,
    filterHash: 1,
    snapshotUntil: null,
    ...more,
  });

const positions = fc.array(fc.nat(12), { minLength: 3, maxLength: 3 });

describe('S14 between a client and the shared stream', () => {
  test('wherever both stand: nothing twice, nothing left out, no cursor backwards or beyond what was given', () => {
    const order = fc.array(fc.nat(2), { minLength: 10, maxLength: 60 });
    fc.assert(
      fc.property(positions, positions, order, (own, shared, partitions) => {
        const transition = new Transition(own);
        let stands: Position = shared;
        let has: Position = own;
        let told: Position = own;
        for (const partition of partitions) {
          const offset = nextOffset(stands, partition);
          stands = advanced(stands, partition, offset + 1);
          const entry = encodeEvent(
            { data: {} },
            { at: [partition, offset], cursor: cursorAt(stands), gap: false },
          );
          const passed = transition.pass(entry);
          if (passed === 'SKIP') {
            expect(offset).toBeLessThan(nextOffset(has, partition));
            continue;
          }
          expect(offset).toBeGreaterThanOrEqual(nextOffset(own, partition));
          const cursor = decodeCursor(passed === 'SHARED' ? cursorAt(stands) : passed.cursor).position;
          has = laterOf(own, stands);
          expect(cursor).toEqual(has);
          expect(covers(cursor, told)).toBe(true);
          told = cursor;
        }
        if (covers(stands, own) && partitions.length > 0)
          expect(transition.cursorAt(cursorAt(stands))).toBe(cursorAt(stands));
      }),
    );
  });

  test('a RESET ends it: what follows may lie at any offset', () => {
    const transition = new Transition([9, 9]);
    const during = cursorAt([0, 3], { snapshotUntil: [5, 5] });
    expect(transition.pass(encodeEvent({ data: {} }, { at: null, cursor: during, gap: false }))).toBe(
      'SHARED',
    );
    expect(transition.pass(encodeEvent({ data: {} }, { at: [0, 2], cursor: during, gap: false }))).toBe(
      'SHARED',
    );
  });

  test('an UP_TO_DATE does not: it is no record, and the client has what it has', () => {
    const transition = new Transition([9, 9]);
    const upToDate = encodeEvent({ data: {} }, { at: null, cursor: cursorAt([5, 5]), gap: false });
    expect(transition.pass(upToDate)).toMatchObject({ cursor: cursorAt([9, 9]) });
    const row = encodeEvent({ data: {} }, { at: [0, 6], cursor: cursorAt([7, 5]), gap: false });
    expect(transition.pass(row)).toBe('SKIP');
  });
});

describe('S14 the way to join', () => {
  const ring = new Ring(100_000, new RingBudget(1_000_000));
  ring.progress(cursorAt([5, 5]));
  ring.append(encodeEvent({ data: {} }, { at: [0, 5], cursor: cursorAt([6, 5]), gap: false }));
  const way = (cursor: string): string =>
    chooseJoin(decodeCursor(cursor), ring) === null ? 'PRIVATE' : 'RING';

  test('by the ring when it holds all since the cursor in every partition', () => {
    expect(way(cursorAt([5, 5]))).toBe('RING');
    expect(way(cursorAt([6, 7]))).toBe('RING');
  });

  test('by a private upstream when one partition lies before it', () => {
    expect(way(cursorAt([9, 4]))).toBe('PRIVATE');
    expect(way(cursorAt([9]))).toBe('PRIVATE');
  });

  test('S8 S11 S12 by a private upstream when the subgraph has to judge', () => {
    expect(way(cursorAt([5, 5], { topicId: 'other' }))).toBe('PRIVATE');
    expect(way(cursorAt([5, 5], { filterHash: 2 }))).toBe('PRIVATE');
    expect(way(encodeCursor({ ...decodeCursor(cursorAt([5, 5])), snapshotUntil: [5, 5] }))).toBe('PRIVATE');
  });

  test('S11 by a private upstream when it was made in another leader epoch: what it has may be truncated', () => {
    const epochs = (...given: number[]): string =>
      encodeCursor({ ...decodeCursor(cursorAt([5, 5])), epochs: given });
    const other = new Ring(100_000, new RingBudget(1_000_000));
    other.progress(epochs(3, 4));
    const wayTo = (cursor: string) => chooseJoin(decodeCursor(cursor), other);
    expect(wayTo(epochs(3, 4))).not.toBeNull();
    expect(wayTo(epochs(3, 3))).toBeNull();
    // Unknown to one of them.
    expect(wayTo(epochs(-1, 4))).not.toBeNull();
    expect(wayTo(epochs())).not.toBeNull();
  });

  test('what a private upstream reached closes the gap, or does not', () => {
    fc.assert(
      fc.property(positions, positions, (from, until) => {
        const reached = laterOf(from, until);
        const own = reachedBy(decodeCursor(cursorAt(from)), decodeCursor(cursorAt(reached)));
        expect(closesTheGap(own, cursorAt(until))).toBe(true);
      }),
    );
    const short = reachedBy(decodeCursor(cursorAt([1, 1])), decodeCursor(cursorAt([3, 4])));
    expect(closesTheGap(short, cursorAt([4, 4]))).toBe(false);
    // Offsets of the topic that was before say nothing of this one.
    const other = decodeCursor(cursorAt([9, 9], { topicId: 'before' }));
    expect(reachedBy(other, decodeCursor(cursorAt([2, 2])))).toEqual([2, 2]);
  });
});
