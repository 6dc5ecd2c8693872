/** The operations whose names stay. */
export const board = `query Board($airport: ID!) { airport(faa: $airport) { name weather { temperature windSpeed visibility observedAt } departures(first: 20) { nodes { id status scheduledDeparture delayMinutes airline { name } plane { model seats } destination { name } } pageInfo { hasNextPage endCursor } } } }`;
export const live = `subscription Live($airport: ID) { flightChanges(origin: $airport) { kind key flight { id status delayMinutes airline { name } plane { model } origin { name weather { temperature } } destination { name } } } }`;
export const events = `subscription Events($flight: ID) { flightEvents(flight: $flight) { kind at flight { id status } } }`;
export const delay = `mutation Delay($id: ID!) { delayFlight(id: $id, minutes: 30) { id status delayMinutes } }`;

export interface Change {
  readonly kind: string;
  readonly key: string | null;
  readonly flight: {
    readonly id: string;
    readonly status: string;
    readonly delayMinutes: number | null;
    readonly airline?: { readonly name: string | null };
    readonly plane?: { readonly model: string | null } | null;
    readonly origin?: { readonly name: string; readonly weather?: { readonly temperature: number } | null };
    readonly destination?: { readonly name: string } | null;
  } | null;
}

/** A record of flights.flights as any producer may write it. */
export const flight = (
  id: string,
  origin: string,
  more: Readonly<Record<string, unknown>> = {},
): { key: string; value: string } => ({
  key: id,
  value: JSON.stringify({
    id,
    carrier: 'XX',
    flightNumber: 1,
    tailNumber: null,
    origin,
    destination: 'LAX',
    scheduledDeparture: '2013-02-04T10:00:00.000Z',
    scheduledArrival: null,
    departure: null,
    arrival: null,
    status: 'SCHEDULED',
    delayMinutes: 0,
    gate: null,
    distanceMiles: 100,
    airTimeMinutes: null,
    ...more,
  }),
});

export const flightEvent = (id: string, kind: string, delayMinutes = 0): { key: string; value: string } => ({
  key: id,
  value: JSON.stringify({ flight: id, kind, at: '2013-02-04T10:00:00.000Z', delayMinutes }),
});
