import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readLimits } from '../../../gateway/limits.ts';
import { ClientQuota } from '../../../gateway/policies/client-quota.ts';
import { newCounters } from '../../../gateway/subscriptions/counters.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const counted = () => {
  const counters = newCounters();
  const limits = readLimits({ catchUpsPerClient: 2, replayBytesPerMinute: 60_000 });
  return { counters, quota: new ClientQuota(limits, counters) };
};

describe('S29 what one client may catch up', () => {
  test('so many operations at once; the others wait for their end, in order and without a deadline', () => {
    const { counters, quota } = counted();
    const log: string[] = [];
    const [a, b] = ['a', 'b', 'c', 'd'].map((name) => quota.takePlace(() => log.push(name)));
    vi.advanceTimersByTime(3_600_000);
    expect(log).toEqual(['a', 'b']);
    b?.();
    a?.();
    expect(log).toEqual(['a', 'b', 'c', 'd']);
    expect(counters.catchUpsQueued).toBe(2);
  });

  test('so many bytes a minute; beyond it the client is slowed down to that rate', () => {
    const { counters, quota } = counted();
    let woken = 0;
    const outlet = {
      wake: () => {
        woken += 1;
      },
    };
    expect(quota.mayReplay(outlet)).toBe(true);
    quota.replayed(61_000);
    expect(quota.mayReplay(outlet)).toBe(false);
    vi.advanceTimersByTime(900);
    expect(quota.mayReplay(outlet)).toBe(false);
    expect(woken).toBe(0);
    vi.advanceTimersByTime(200);
    expect(woken).toBe(1);
    expect(quota.mayReplay(outlet)).toBe(true);
    // One byte a millisecond from here on, and never more than a minute's worth at once.
    vi.advanceTimersByTime(3_600_000);
    expect(quota.mayReplay(outlet)).toBe(true);
    quota.replayed(60_000);
    expect(quota.mayReplay(outlet)).toBe(false);
    expect(counters).toMatchObject({ replayedBytes: 121_000, replaysSlowed: 2 });
  });
});
