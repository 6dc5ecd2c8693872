import type { ExecutionResult } from 'graphql';
import { describe, expect, test } from 'vitest';
import type { SubscriptionPlan } from '../../../gateway/subscriptions/plan.ts';
import { Pump, type PumpInput, type PumpOutput } from '../../../gateway/subscriptions/pump.ts';
import { encodeCursor } from '../../../schema/cursor/encode.ts';
import { Signal } from '../support/signal.ts';

const cursor = encodeCursor({
  clusterId: 'c',
  topicId: 't',
  position: [1],
  epochs: [],
  time: 1,
  filterHash: 1,
  snapshotUntil: null,
});

/** A pump over a plan whose joins a test lets through one by one. */
class Bench {
  readonly calls: { events: unknown[]; finish: () => void; fail: (error: Error) => void }[] = [];
  readonly output: PumpOutput[] = [];
  readonly pressures: boolean[] = [];
  readonly logged: unknown[] = [];
  readonly changed = new Signal();
  readonly pump: Pump;

  constructor(options: { passThrough?: boolean; pendingBytes?: number; turnBytes?: number } = {}) {
    const plan: SubscriptionPlan = {
      subgraph: { name: 's', url: 'http://127.0.0.1:1' },
      document: '',
      variables: {},
      responseKey: 'n',
      passThrough: options.passThrough ?? false,
      complete: (events) =>
        new Promise<readonly ExecutionResult[]>((resolve, reject) => {
          this.calls.push({
            events: events.map(({ result, after }) => [result.data?.n, after]),
            finish: () =>
              resolve(events.map(({ result }) => ({ data: { n: result.data?.n, joined: true } }))),
            fail: reject,
          });
          this.changed.fire();
        }),
    };
    this.pump = new Pump({
      plan,
      pendingBytes: options.pendingBytes ?? 1000,
      turnBytes: options.turnBytes ?? 1_000_000,
      logError: (error) => this.logged.push(error),
      deliver: (output) => {
        this.output.push(...output);
        this.changed.fire();
      },
      pressure: (high) => this.pressures.push(high),
    });
  }

  event(n: number, bytes = 10): void {
    const stamp = { at: [0, n] as const, cursor, gap: false };
    this.pump.push({ kind: 'EVENT', payload: { data: { n } }, stamp, bytes } satisfies PumpInput);
  }

  /** Lets the next join through. */
  async join(number: number): Promise<unknown[]> {
    await this.changed.until(() => this.calls.length > number);
    this.calls[number]!.finish();
    return this.calls[number]!.events;
  }

  async delivered(count: number): Promise<unknown[]> {
    await this.changed.until(() => this.output.length >= count);
    return this.output.map((item) =>
      item.kind === 'EVENT' ? JSON.parse(item.entry.bytes.toString().slice(0, -1)).data : item.kind,
    );
  }
}

const waiting = (n: number): unknown => [n, { t: [[0, n]] }];

describe('S17 the joins of a stream', () => {
  test('what comes in one turn, or during a join, is joined together and in order', async () => {
    const bench = new Bench();
    bench.event(0);
    bench.event(1);
    await bench.changed.until(() => bench.calls.length === 1);
    bench.event(2);
    bench.pump.push({ kind: 'PROGRESS', cursor });
    bench.event(3);
    expect(await bench.join(0)).toEqual([waiting(0), waiting(1)]);
    expect(await bench.join(1)).toEqual([waiting(2), waiting(3)]);
    const joined = (n: number): unknown => ({ n, joined: true });
    expect(await bench.delivered(5)).toEqual([joined(0), joined(1), joined(2), 'PROGRESS', joined(3)]);
  });

  test('no more than 500 events are joined by one call', async () => {
    const bench = new Bench({ pendingBytes: 1_000_000 });
    for (let n = 0; n < 1200; n += 1) bench.event(n);
    const sizes = [await bench.join(0), await bench.join(1), await bench.join(2)].map(
      (events) => events.length,
    );
    expect(sizes).toEqual([500, 500, 200]);
    expect(await bench.delivered(1200)).toHaveLength(1200);
  });

  test('an event that needs no join passes at once, and never another one that waits', async () => {
    const bench = new Bench({ passThrough: true });
    bench.event(0);
    expect(bench.output).toHaveLength(1);
    const stamp = { at: null, cursor, gap: false };
    bench.pump.push({ kind: 'EVENT', payload: { data: null, errors: [{ message: 'x' }] }, stamp, bytes: 1 });
    bench.event(2);
    expect(bench.output).toHaveLength(1);
    await bench.join(0);
    expect(await bench.delivered(3)).toMatchObject([{ n: 0 }, {}, { n: 2 }]);
  });

  test('what waits beyond the bound asks the upstream to pause, until half of it is gone', async () => {
    const bench = new Bench({ pendingBytes: 100 });
    bench.event(0, 60);
    await bench.changed.until(() => bench.calls.length === 1);
    bench.event(1, 60);
    expect(bench.pressures).toEqual([true]);
    await bench.join(0);
    await bench.delivered(1);
    expect(bench.pressures.at(-1)).toBe(true);
    await bench.join(1);
    await bench.delivered(2);
    expect(bench.pressures.at(-1)).toBe(false);
  });

  test('a burst larger than a turn may deliver goes over several turns', async () => {
    const bench = new Bench({ passThrough: true, turnBytes: 300 });
    for (let n = 0; n < 50; n += 1) bench.event(n);
    const inFirstTurn = bench.output.length;
    expect(inFirstTurn).toBeLessThan(10);
    await bench.join(0);
    expect(await bench.delivered(50)).toHaveLength(50);
  });

  test('a plan that fails, which it never should, ends the stream by a masked error', async () => {
    const bench = new Bench();
    bench.event(0);
    await bench.changed.until(() => bench.calls.length === 1);
    const fault = new Error('secret');
    bench.calls[0]!.fail(fault);
    await bench.delivered(1);
    expect(bench.output).toMatchObject([{ kind: 'END', errors: [{ extensions: { code: 'INTERNAL' } }] }]);
    expect(JSON.stringify(bench.output)).not.toContain('secret');
    expect(bench.logged).toEqual([fault]);
    bench.event(1);
    expect(bench.calls).toHaveLength(1);
  });
});
