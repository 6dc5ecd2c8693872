import fc from 'fast-check';
import type { ExecutionResult } from 'graphql';
import { describe, expect, test } from 'vitest';
import { JoinBudget } from '../../../gateway/subscriptions/join-budget.ts';
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

interface Call {
  readonly events: unknown[];
  finish(): void;
  fail(error: Error): void;
}

interface BenchOptions {
  readonly passThrough?: boolean;
  readonly pendingBytes?: number;
  readonly turnBytes?: number;
  readonly joinsUnderWay?: number;
  readonly joinBudget?: JoinBudget;
}

/** A pump over a plan whose joins a test lets through one by one. */
class Bench {
  readonly calls: Call[] = [];
  readonly output: PumpOutput[] = [];
  readonly pressures: boolean[] = [];
  readonly logged: unknown[] = [];
  readonly changed = new Signal();
  readonly pump: Pump;

  constructor(options: BenchOptions = {}) {
    this.pump = new Pump({
      plan: this.plan(true, options.passThrough),
      pendingBytes: options.pendingBytes ?? 1000,
      turnBytes: options.turnBytes ?? 1_000_000,
      joinsUnderWay: options.joinsUnderWay ?? 8,
      joinBudget: options.joinBudget ?? new JoinBudget(32),
      logError: (error) => this.logged.push(error),
      deliver: (output) => {
        this.output.push(...output);
        this.changed.fire();
      },
      pressure: (high) => this.pressures.push(high),
    });
  }

  /** Marks what it joins. */
  plan(joined: unknown, passThrough = false): SubscriptionPlan {
    return {
      subgraph: { name: 's', url: 'http://127.0.0.1:1' },
      document: '',
      variables: {},
      responseKey: 'n',
      passThrough,
      complete: (events) =>
        new Promise<readonly ExecutionResult[]>((resolve, reject) => {
          this.calls.push({
            events: events.map(({ result, after }) => [result.data?.n, after]),
            finish: () => resolve(events.map(({ result }) => ({ data: { n: result.data?.n, joined } }))),
            fail: reject,
          });
          this.changed.fire();
        }),
    };
  }

  /** Resolves when so many batches have begun. */
  begun(count: number): Promise<void> {
    return this.changed.until(() => this.calls.length >= count);
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

const joined = (n: number): unknown => ({ n, joined: true });
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

/** Time for everything that can begin to have begun. */
const turns = async (count = 20): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
};

describe('S17 several batches of one stream under way', () => {
  test('leave in the order in which they came, whichever is joined first', async () => {
    const bench = new Bench();
    for (let n = 0; n < 3; n += 1) {
      bench.event(n);
      await bench.begun(n + 1);
    }
    for (const last of [2, 1]) {
      await bench.join(last);
      await turns();
      expect(bench.output).toEqual([]);
    }
    await bench.join(0);
    expect(await bench.delivered(3)).toEqual([joined(0), joined(1), joined(2)]);
  });

  test('are no more than the bound; what waits meanwhile is joined in full batches', async () => {
    const bench = new Bench({ joinsUnderWay: 2, pendingBytes: 1_000_000 });
    for (let n = 0; n < 1600; n += 1) bench.event(n);
    await bench.begun(2);
    await turns();
    expect(bench.calls).toHaveLength(2);
    await bench.join(1);
    await bench.begun(3);
    await turns();
    expect(bench.calls).toHaveLength(3);
    await bench.join(0);
    for (const call of [2, 3]) await bench.join(call);
    expect(bench.calls.map(({ events }) => events.length)).toEqual([500, 500, 500, 100]);
    expect(await bench.delivered(1600)).toEqual(Array.from({ length: 1600 }, (_, n) => joined(n)));
  });

  test('share a bound with other streams, beyond the first of each', async () => {
    const joinBudget = new JoinBudget(1);
    const benches = [new Bench({ joinBudget }), new Bench({ joinBudget })] as const;
    for (const bench of benches) {
      for (let n = 0; n < 1000; n += 1) bench.event(n);
      await bench.begun(1);
    }
    await turns();
    const [first, second] = benches;
    expect([first.calls.length, second.calls.length]).toEqual([2, 1]);
    await first.join(1);
    for (let n = 1000; n < 1500; n += 1) second.event(n);
    await second.begun(2);
    await turns();
    expect([first.calls.length, second.calls.length]).toEqual([2, 2]);
    second.pump.stop();
    for (const call of [0, 1]) second.calls[call]!.finish();
    await turns();
    expect(second.output).toEqual([]);
    expect([joinBudget.take(), joinBudget.take()]).toEqual([true, false]);
  });

  test('S19 what follows a plan is joined by it, beside what came before and behind it; then the end', async () => {
    const bench = new Bench();
    bench.event(0);
    await bench.begun(1);
    bench.event(1);
    bench.pump.push({ kind: 'PLAN', plan: bench.plan('otherwise') });
    bench.event(2);
    bench.pump.push({ kind: 'END', errors: null });
    await bench.begun(3);
    expect(bench.calls.map(({ events }) => events)).toEqual([[waiting(0)], [waiting(1)], [waiting(2)]]);
    for (const last of [2, 1]) await bench.join(last);
    await turns();
    expect(bench.output).toEqual([]);
    await bench.join(0);
    const other = { n: 2, joined: 'otherwise' };
    expect(await bench.delivered(4)).toEqual([joined(0), joined(1), other, 'END']);
  });

  test('count as waiting until they are delivered', async () => {
    const bench = new Bench({ pendingBytes: 100 });
    bench.event(0, 60);
    await bench.begun(1);
    bench.event(1, 60);
    await bench.begun(2);
    await bench.join(1);
    await turns();
    expect(bench.pressures.at(-1)).toBe(true);
    await bench.join(0);
    await bench.delivered(2);
    expect(bench.pressures.at(-1)).toBe(false);
  });

  test('of which one fails: the end comes behind those before it, and nothing behind the end', async () => {
    const bench = new Bench();
    for (let n = 0; n < 3; n += 1) {
      bench.event(n);
      await bench.begun(n + 1);
    }
    bench.calls[1]!.fail(new Error('secret'));
    await bench.join(2);
    await turns();
    expect(bench.output).toEqual([]);
    await bench.join(0);
    expect(await bench.delivered(2)).toEqual([joined(0), 'END']);
    await turns();
    expect(bench.output).toHaveLength(2);
    expect(bench.pressures.at(-1) ?? false).toBe(false);
  });

  test('come whole and in order, however inputs, plans and answers follow each other', async () => {
    const step = fc.oneof(
      fc.integer({ min: 1, max: 700 }).map((events) => ({ events })),
      fc.constantFrom('PROGRESS', 'PLAN', 'TURN'),
      fc.nat(20).map((answer) => ({ answer })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), fc.integer({ min: 1, max: 4 }), follow),
      { numRuns: 40 },
    );
  });
});

type Step = { readonly events: number } | { readonly answer: number } | 'PROGRESS' | 'PLAN' | 'TURN';

/** Takes the steps, answers what is left, and compares with what came in. */
const follow = async (steps: readonly Step[], joinsUnderWay: number): Promise<void> => {
  const bench = new Bench({ joinsUnderWay, pendingBytes: 1_000_000, turnBytes: 10_000 });
  const expected: unknown[] = [];
  let plan: unknown = true;
  for (const step of steps) {
    if (step === 'TURN') {
      await turns(1);
    } else if (step === 'PROGRESS') {
      bench.pump.push({ kind: 'PROGRESS', cursor });
      expected.push('PROGRESS');
    } else if (step === 'PLAN') {
      plan = expected.length;
      bench.pump.push({ kind: 'PLAN', plan: bench.plan(plan) });
    } else if ('answer' in step) {
      bench.calls[step.answer]?.finish();
    } else {
      for (let n = 0; n < step.events; n += 1) {
        expected.push({ n: expected.length, joined: plan });
        bench.event(expected.length - 1);
      }
    }
  }
  while (bench.output.length < expected.length) {
    for (const call of bench.calls) call.finish();
    await turns(1);
  }
  expect(await bench.delivered(expected.length)).toEqual(expected);
};
