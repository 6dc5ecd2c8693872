import { TributaryError } from '../../schema/errors.ts';
import type { SubgraphContext } from '../kit/context.ts';
import type { Resolvers } from '../kit/graphql/resolvers.ts';
import type { Row } from '../kit/records.ts';

/** A day: more is a slip of the hand, and a cancellation in truth. */
const maximumMinutes = 1_440;

interface Request {
  readonly id: string;
  readonly idempotencyKey?: string | null;
}

/**
 * Delays a flight that has not left, and says so on flights.events.
 * BAD_USER_INPUT: minutes out of range. NOT_FOUND: unknown flight. CONFLICT: it has left or was cancelled.
 */
const delayFlight = (
  _parent: unknown,
  { id, minutes, idempotencyKey }: { readonly minutes: number } & Request,
  context: SubgraphContext,
): Promise<Row> => {
  if (minutes < 1 || minutes > maximumMinutes) {
    throw new TributaryError(
      'BAD_USER_INPUT',
      `minutes is ${minutes}; give a whole number from 1 to ${maximumMinutes}.`,
    );
  }
  const once = requestOf(idempotencyKey, 'delayFlight', minutes);
  return context.update('Flight', id, (flight) => delayed(flight, minutes), eventOf('DELAYED'), once);
};

const delayed = (flight: Row, minutes: number): Row => {
  requireNotLeft(flight, 'delayed');
  const known = typeof flight.delayMinutes === 'number' ? flight.delayMinutes : 0;
  return { ...flight, status: 'DELAYED', delayMinutes: known + minutes };
};

/** Cancels a flight that has not left, and says so on flights.events. NOT_FOUND, CONFLICT: as above. */
const cancelFlight = (
  _parent: unknown,
  { id, idempotencyKey }: Request,
  context: SubgraphContext,
): Promise<Row> =>
  context.update('Flight', id, cancelled, eventOf('CANCELLED'), requestOf(idempotencyKey, 'cancelFlight'));

const cancelled = (flight: Row): Row => {
  requireNotLeft(flight, 'cancelled');
  return { ...flight, status: 'CANCELLED', delayMinutes: null };
};

/**
 * Assigns a gate to a flight that has not left, and says so on flights.events.
 * BAD_USER_INPUT: no name of a gate. NOT_FOUND: unknown flight. CONFLICT: it has left, was cancelled, or has that gate.
 */
const changeGate = (
  _parent: unknown,
  { id, gate, idempotencyKey }: { readonly gate: string } & Request,
  context: SubgraphContext,
): Promise<Row> => {
  if (!/^[A-Z0-9]{1,4}$/.test(gate)) {
    throw new TributaryError(
      'BAD_USER_INPUT',
      `gate is ${JSON.stringify(gate)}; give one to four capital letters and digits, such as B22.`,
    );
  }
  const once = requestOf(idempotencyKey, 'changeGate', gate);
  return context.update('Flight', id, (flight) => atGate(flight, gate), eventOf('GATE_CHANGED'), once);
};

const atGate = (flight: Row, gate: string): Row => {
  requireNotLeft(flight, 'given a gate');
  if (flight.gate === gate)
    throw new TributaryError('CONFLICT', `Flight ${flight.id} leaves from gate ${gate} already.`);
  return { ...flight, gate };
};

/** A retry repeats the mutation with its arguments: the same key with others is another request. */
const requestOf = (key: Request['idempotencyKey'], ...what: readonly (string | number)[]) => ({
  idempotencyKey: key == null ? null : [...what, key].join(' '),
});

const requireNotLeft = ({ id, status }: Row, change: string): void => {
  if (status === 'SCHEDULED' || status === 'DELAYED') return;
  throw new TributaryError(
    'CONFLICT',
    `Flight ${id} is ${status}; only a flight that has not left can be ${change}.`,
  );
};

/** The event that goes with a change: what happened, by the clock on the wall, and the flight's state behind it. */
const eventOf = (kind: string) => (flight: Row) => [
  {
    type: 'FlightEvent',
    row: {
      kind,
      at: new Date().toISOString(),
      flight: flight.id,
      delayMinutes: flight.delayMinutes,
      gate: flight.gate,
    },
  },
];

/** What the SDL alone cannot say: a new state that depends on the old one. */
export const resolvers: Resolvers = { Mutation: { delayFlight, cancelFlight, changeGate } };
