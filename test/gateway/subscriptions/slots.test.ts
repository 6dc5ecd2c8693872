import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Slots } from '../../../gateway/subscriptions/upstream/slots.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('S13 places for catch-ups', () => {
  test('are taken in order, and given back once only', () => {
    const slots = new Slots(2, 1000);
    const log: string[] = [];
    const take = (name: string): (() => void) =>
      slots.take(
        () => log.push(name),
        () => log.push(`${name} late`),
      );
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(take);
    expect(log).toEqual(['a', 'b']);
    a?.();
    a?.();
    expect(log).toEqual(['a', 'b', 'c']);
    d?.();
    b?.();
    c?.();
    expect(log).toEqual(['a', 'b', 'c']);
    take('e');
    take('f');
    take('g');
    expect(log).toEqual(['a', 'b', 'c', 'e', 'f']);
  });

  test('are waited for up to the deadline', () => {
    const slots = new Slots(1, 1000);
    const log: string[] = [];
    const free = slots.take(
      () => log.push('a'),
      () => log.push('a late'),
    );
    slots.take(
      () => log.push('b'),
      () => log.push('b late'),
    );
    vi.advanceTimersByTime(1001);
    expect(log).toEqual(['a', 'b late']);
    free();
    slots.take(
      () => log.push('c'),
      () => log.push('c late'),
    );
    expect(log).toEqual(['a', 'b late', 'c']);
  });
});
