import { describe, expect, test } from 'vitest';
import { resolvers } from '../../subgraphs/flights/resolvers.ts';
import type { SubgraphContext } from '../../subgraphs/kit/context.ts';
import type { Row } from '../../subgraphs/kit/records.ts';

const flight = { id: 'UA-1545-EWR-20130204', status: 'SCHEDULED', delayMinutes: 0, gate: 'C12' };

/** The mutation over one row; what it wrote, by type. */
const delay = async (row: Row, minutes: number) => {
  const written: { type: string; row: Row }[] = [];
  const context: SubgraphContext = {
    rows: () => ({ get: async () => row }),
    append: async (type, appended) => {
      written.push({ type, row: appended });
      return appended;
    },
    update: async (type, _key, change, also) => {
      const changed = change(row);
      written.push({ type, row: changed }, ...(also?.(changed) ?? []));
      return changed;
    },
  };
  const answer = await resolvers.Mutation?.delayFlight?.({}, { id: row.id, minutes }, context);
  return { answer, written };
};

describe('delayFlight', () => {
  test('a scheduled flight becomes DELAYED, keeps its other fields, and an event says so', async () => {
    const { answer, written } = await delay(flight, 30);
    const row = { ...flight, status: 'DELAYED', delayMinutes: 30 };
    expect(answer).toEqual(row);
    expect(written).toEqual([
      { type: 'Flight', row },
      {
        type: 'FlightEvent',
        row: { kind: 'DELAYED', at: expect.stringMatching(/Z$/), flight: flight.id, delayMinutes: 30 },
      },
    ]);
  });

  test('delays add up, and an unknown delay counts as none', async () => {
    const late = await delay({ ...flight, status: 'DELAYED', delayMinutes: 45 }, 30);
    expect(late.answer).toMatchObject({ delayMinutes: 75 });
    const unknown = await delay({ ...flight, delayMinutes: null }, 30);
    expect(unknown.answer).toMatchObject({ delayMinutes: 30 });
  });

  test.each([0, -5, 1_441])('%i minutes are refused before anything is read', async (minutes) => {
    await expect(delay(flight, minutes)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  test.each(['DEPARTED', 'ARRIVED', 'CANCELLED', 'DIVERTED'])(
    'a flight that is %s is left alone',
    async (status) => {
      await expect(delay({ ...flight, status }, 30)).rejects.toMatchObject({
        code: 'CONFLICT',
        message: `Flight ${flight.id} is ${status}; only a flight that has not left can be delayed.`,
      });
    },
  );
});
