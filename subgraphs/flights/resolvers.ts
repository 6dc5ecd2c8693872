import { TributaryError } from '../../schema/errors.ts';
import type { SubgraphContext } from '../kit/context.ts';
import type { Resolvers } from '../kit/graphql/resolvers.ts';
import type { Row } from '../kit/records.ts';

/** A day: more is a slip of the hand, and a cancellation in truth. */
const maximumMinutes = 1_440;

/**
 * Delays a flight that has not left, and says so on flights.events.
 * BAD_USER_INPUT: minutes out of range. NOT_FOUND: unknown flight. CONFLICT: it has left or was cancelled.
 */
const delayFlight = (
  _parent: unknown,
  { id, minutes }: { readonly id: string; readonly minutes: number },
  context: SubgraphContext,
): Promise<Row> => {
  if (minutes < 1 || minutes > maximumMinutes) {
    throw new TributaryError(
      'BAD_USER_INPUT',
      `minutes is ${minutes}; give a whole number from 1 to ${maximumMinutes}.`,
    );
  }
  return context.update('Flight', id, (flight) => delayed(flight, minutes), delayEvent);
};

const delayed = (flight: Row, minutes: number): Row => {
  if (flight.status !== 'SCHEDULED' && flight.status !== 'DELAYED') {
    throw new TributaryError(
      'CONFLICT',
      `Flight ${flight.id} is ${flight.status}; only a flight that has not left can be delayed.`,
    );
  }
  const known = typeof flight.delayMinutes === 'number' ? flight.delayMinutes : 0;
  return { ...flight, status: 'DELAYED', delayMinutes: known + minutes };
};

const delayEvent = (flight: Row) => [
  {
    type: 'FlightEvent',
    row: {
      kind: 'DELAYED',
      at: new Date().toISOString(),
      flight: flight.id,
      delayMinutes: flight.delayMinutes,
    },
  },
];

/** What the SDL alone cannot say: a new state that depends on the old one. */
export const resolvers: Resolvers = { Mutation: { delayFlight } };
