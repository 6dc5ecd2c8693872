import { describe, expect, test } from 'vitest';
import { resolvers } from '../../subgraphs/flights/resolvers.ts';
import type { SubgraphContext } from '../../subgraphs/kit/context.ts';
import type { Resolvers } from '../../subgraphs/kit/graphql/resolvers.ts';
import type { Row } from '../../subgraphs/kit/records.ts';

const flight = { id: 'UA-1545-EWR-20130204', status: 'SCHEDULED', delayMinutes: 0, gate: 'C12' };

/** A mutation over one row; what it wrote, by type. */
const mutate = async (name: string, row: Row, args: Readonly<Record<string, unknown>> = {}) => {
  const written: { type: string; row: Row }[] = [];
  let key: string | null = null;
  const context: SubgraphContext = {
    rows: () => ({ get: async () => row }),
    append: async (type, appended) => {
      written.push({ type, row: appended });
      return appended;
    },
    update: async (type, _key, change, also, options) => {
      key = options?.idempotencyKey ?? null;
      const changed = change(row);
      written.push({ type, row: changed }, ...(also?.(changed) ?? []));
      return changed;
    },
  };
  const all: Resolvers = resolvers;
  const resolver = all.Mutation?.[name];
  if (typeof resolver !== 'function') throw new Error(`no mutation ${name}`);
  const answer = await resolver({}, { id: row.id, ...args }, context);
  return { answer, written, key };
};

const mutations = [
  ['delayFlight', { minutes: 30 }, 'delayed'],
  ['cancelFlight', {}, 'cancelled'],
  ['changeGate', { gate: 'B22' }, 'given a gate'],
] as const;

describe('a mutation of a flight', () => {
  test.each([
    ['delayFlight', { minutes: 30 }, { status: 'DELAYED', delayMinutes: 30 }, 'DELAYED'],
    ['cancelFlight', {}, { status: 'CANCELLED', delayMinutes: null }, 'CANCELLED'],
    ['changeGate', { gate: 'B22' }, { gate: 'B22' }, 'GATE_CHANGED'],
  ] as const)(
    '%s keeps the other fields, and an event says what it did',
    async (name, args, changed, kind) => {
      const { answer, written } = await mutate(name, flight, args);
      const row = { ...flight, ...changed };
      const { id, delayMinutes, gate } = row;
      expect(answer).toEqual(row);
      expect(written).toEqual([
        { type: 'Flight', row },
        {
          type: 'FlightEvent',
          row: { kind, at: expect.stringMatching(/Z$/), flight: id, delayMinutes, gate },
        },
      ]);
    },
  );

  test.each(
    mutations.flatMap(([name, args, done]) =>
      ['DEPARTED', 'ARRIVED', 'CANCELLED', 'DIVERTED'].map((status) => [name, status, args, done] as const),
    ),
  )('%s leaves a flight alone that is %s', async (name, status, args, done) => {
    await expect(mutate(name, { ...flight, status }, args)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: `Flight ${flight.id} is ${status}; only a flight that has not left can be ${done}.`,
    });
  });

  test('delays add up, and an unknown delay counts as none', async () => {
    const late = await mutate(
      'delayFlight',
      { ...flight, status: 'DELAYED', delayMinutes: 45 },
      { minutes: 30 },
    );
    expect(late.answer).toMatchObject({ delayMinutes: 75 });
    const unknown = await mutate('delayFlight', { ...flight, delayMinutes: null }, { minutes: 30 });
    expect(unknown.answer).toMatchObject({ delayMinutes: 30 });
  });

  test('a delayed flight keeps its delay when it gets a gate', async () => {
    const late = { ...flight, status: 'DELAYED', delayMinutes: 45 };
    expect((await mutate('changeGate', late, { gate: '7' })).answer).toEqual({ ...late, gate: '7' });
  });

  test('S25 a retry is the same request with the same key; other arguments make it another', async () => {
    const idempotencyKey = '7f9c';
    expect((await mutate('delayFlight', flight, { minutes: 30, idempotencyKey })).key).toBe(
      'delayFlight 30 7f9c',
    );
    expect((await mutate('delayFlight', flight, { minutes: 45, idempotencyKey })).key).toBe(
      'delayFlight 45 7f9c',
    );
    expect((await mutate('cancelFlight', flight, { idempotencyKey })).key).toBe('cancelFlight 7f9c');
    expect((await mutate('changeGate', flight, { gate: 'B22' })).key).toBeNull();
  });

  test('the gate that it has is a conflict', async () => {
    await expect(mutate('changeGate', flight, { gate: 'C12' })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: `Flight ${flight.id} leaves from gate C12 already.`,
    });
  });

  test.each([
    ['delayFlight', { minutes: 0 }],
    ['delayFlight', { minutes: -5 }],
    ['delayFlight', { minutes: 1_441 }],
    ['changeGate', { gate: '' }],
    ['changeGate', { gate: 'b22' }],
    ['changeGate', { gate: 'B2222' }],
    ['changeGate', { gate: 'B 2' }],
  ] as const)('%s with %j is refused', async (name, args) => {
    await expect(mutate(name, flight, args)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});
