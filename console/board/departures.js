/**
 * What the board shows of the flights of an airport.
 * @typedef {{
 *   readonly id: string,
 *   readonly carrier: string,
 *   readonly flightNumber: number,
 *   readonly airline: { readonly name: string | null },
 *   readonly destination: { readonly faa: string, readonly name: string | null },
 *   readonly scheduledDeparture: string,
 *   readonly status: 'SCHEDULED' | 'DELAYED' | 'DEPARTED' | 'ARRIVED' | 'CANCELLED' | 'DIVERTED',
 *   readonly delayMinutes: number | null,
 *   readonly departureDelayMinutes: number | null,
 *   readonly gate: string | null,
 * }} Flight
 * @typedef {'onTime' | 'delayed' | 'cancelled'} Punctuality
 */

const minute = 60_000;
/** How long the board shows a flight after its departure. */
const hour = 60 * minute;
/** Minutes from which on a flight counts as delayed: the measure of the US Department of Transportation. */
const lateFrom = 15;
/** Rows of the table at most, and those of them that nobody waits for any more. */
const limit = 60;
const pastLimit = 8;

/** Minutes by which it leaves, or left, behind its schedule. @param {Flight} flight */
export const delayOf = ({ departureDelayMinutes, delayMinutes }) =>
  Math.max(0, departureDelayMinutes ?? delayMinutes ?? 0);

/** When it leaves, or left, as far as known. @param {Flight} flight */
export const expectedDeparture = (flight) => Date.parse(flight.scheduledDeparture) + delayOf(flight) * minute;

/** @param {Flight} flight @returns {Punctuality} */
export const punctuality = (flight) => {
  if (flight.status === 'CANCELLED') return 'cancelled';
  return flight.status === 'DELAYED' || delayOf(flight) >= lateFrom ? 'delayed' : 'onTime';
};

/** Whether nobody can catch it any more. @param {Flight} flight */
export const isGone = ({ status }) => status === 'DEPARTED' || status === 'ARRIVED' || status === 'DIVERTED';

/**
 * In the words of a board.
 * @param {Flight} flight
 */
export const statusText = (flight) => {
  const delay = delayOf(flight);
  const behind = delay >= lateFrom || flight.status === 'DELAYED' ? duration(delay) : '';
  switch (flight.status) {
    case 'SCHEDULED':
      return behind === '' ? 'On time' : `Late ${behind}`;
    case 'DELAYED':
      return `Delayed ${behind}`;
    case 'CANCELLED':
      return 'Cancelled';
    default: {
      const word = flight.status === 'DIVERTED' ? 'Diverted' : 'Departed';
      return behind === '' ? word : `${word} +${behind}`;
    }
  }
};

/** @param {number} minutes */
const duration = (minutes) =>
  minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')}`;

/**
 * What is next, and the last that have left within an hour, in the order of the schedule. A flight that is late stays
 * until it leaves.
 * @param {readonly Flight[]} flights @param {number} now
 */
export const onBoard = (flights, now) => {
  const recent = flights
    .filter((flight) => expectedDeparture(flight) >= now - hour)
    .sort((a, b) => compare(a.scheduledDeparture, b.scheduledDeparture) || compare(a.id, b.id));
  const isPast = (/** @type {Flight} */ flight) =>
    isGone(flight) || (flight.status === 'CANCELLED' && expectedDeparture(flight) < now);
  const past = new Set(
    recent
      .filter(isPast)
      .sort((a, b) => expectedDeparture(b) - expectedDeparture(a))
      .slice(pastLimit),
  );
  return recent.filter((flight) => !past.has(flight)).slice(0, limit);
};

/** Times of the graph are all in UTC and of one form: their text sorts as they do. @param {string} a @param {string} b */
const compare = (a, b) => (a < b ? -1 : Number(a > b));

/**
 * Of the day at the airport.
 * @param {readonly Flight[]} flights @param {number} now @param {(moment: number | string) => string} dayOf
 * @returns {Record<Punctuality, number>}
 */
export const countDay = (flights, now, dayOf) => {
  const counts = { onTime: 0, delayed: 0, cancelled: 0 };
  const today = dayOf(now);
  for (const flight of flights) if (dayOf(flight.scheduledDeparture) === today) counts[punctuality(flight)]++;
  return counts;
};
