import { setTimeout as wait } from 'node:timers/promises';
import type { Configuration } from '../configuration/configuration.ts';
import { hasReferenceData } from './services.ts';

/** Next departures, whenever it is asked. */
const query =
  '{ airport(faa: "JFK") { name weather { temperature } } ' +
  'flights(origin: "JFK", status: SCHEDULED, first: 3) ' +
  '{ nodes { scheduledDeparture delayMinutes airline { name } destination { name } } } }';

const subscription = 'subscription { flightEvents { kind at flight { id status delayMinutes } } }';

const referenceSubgraphs = ['airports', 'fleet', 'flights', 'weather'];

/** The examples fit the reference graph, which is in the repository alone. */
export const hasExamples = ({ subgraphs }: Configuration): boolean =>
  hasReferenceData &&
  referenceSubgraphs.every((name) => subgraphs.some((subgraph) => subgraph.name === name));

/**
 * A query and a subscription to paste into a shell; `place` is the gateway's host:port. Without npx, which warns of a Node
 * that the launcher copes with.
 */
export const examples = (place: string): readonly string[] => [
  'A query, over four subgraphs:',
  `  curl -s http://${place}/graphql -H 'content-type: application/json' -d '${JSON.stringify({ query })}'`,
  '',
  'What happens now, live:',
  `  node cli/tributary.mjs tail '${subscription}' --url ws://${place}/graphql`,
  '',
];

const patienceMs = 20_000;
const lookMs = 200;

/** Resolves when the query finds an airport and flights with their airlines, or after 20 s; rejects when the signal aborts. */
export const untilExamplesAnswer = async (url: string, signal: AbortSignal): Promise<void> => {
  const patient = Date.now() + patienceMs;
  while (!(await answers(url, signal)) && Date.now() < patient) await wait(lookMs, undefined, { signal });
};

const answers = async (url: string, signal: AbortSignal): Promise<boolean> => {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)]),
    });
    const { data } = (await response.json()) as {
      data?: {
        airport: { name: string | null } | null;
        flights: { nodes: readonly { airline: { name: string | null } | null }[] } | null;
      } | null;
    };
    const flights = data?.flights?.nodes ?? [];
    const hasFlights = flights.length > 0 && flights.every(({ airline }) => airline?.name != null);
    return data?.airport?.name != null && hasFlights;
  } catch {
    signal.throwIfAborted();
    return false;
  }
};
