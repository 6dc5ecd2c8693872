import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ResumingClient } from './clients.ts';
import { allNodes, type Connection, dataOf, pageInfo } from './paging.ts';
import { System } from './system.ts';
import { count, mean, weekTruth } from './week-truth.ts';

const root = join(import.meta.dirname, '..', '..');
const truth = weekTruth();
const minute = 60_000;
const newYork = -5 * 60 * minute;

let system: System;
let flights: FlightNode[];

beforeAll(async () => {
  system = await System.create();
  await system.start();
  await replayOnce();
  await untilRead();
  flights = await allNodes<FlightNode>(
    system.url,
    (after) =>
      `{ flights(first: 500${after}) { nodes { id carrier status scheduledDeparture scheduledArrival departure arrival
        delayMinutes departureDelayMinutes arrivalDelayMinutes airTimeMinutes
        origin { faa name } destination { faa name } airline { code name } plane { tailNumber model } } ${pageInfo} } }`,
    ({ flights: page }: { flights: Connection<FlightNode> }) => page,
  );
});

afterAll(() => system?.dispose());

interface FlightNode {
  readonly id: string;
  readonly carrier: string;
  readonly status: string;
  readonly scheduledDeparture: string;
  readonly scheduledArrival: string | null;
  readonly departure: string | null;
  readonly arrival: string | null;
  readonly delayMinutes: number | null;
  readonly departureDelayMinutes: number | null;
  readonly arrivalDelayMinutes: number | null;
  readonly airTimeMinutes: number | null;
  readonly origin: { readonly faa: string; readonly name: string };
  readonly destination: { readonly faa: string; readonly name: string | null };
  readonly airline: { readonly code: string; readonly name: string };
  readonly plane: { readonly tailNumber: string; readonly model: string | null } | null;
}

/** One pass as fast as Kafka takes it; nobody mutates anything. */
const replayOnce = async (): Promise<void> => {
  const parameters = [`--brokers=${system.brokers}`, '--full-speed'];
  const replay = spawn(
    process.execPath,
    ['--disable-warning=TimeoutNegativeWarning', 'data/replay/main.ts', ...parameters],
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  expect(await once(replay, 'exit')).toEqual([0, null]);
};

/** Resolves when every subgraph has read its topics as far as they go. */
const untilRead = async (): Promise<void> => {
  const admin = system.kafka().admin();
  await admin.connect();
  for (const subgraph of ['airports', 'flights', 'fleet', 'weather']) {
    const topics = async () => {
      const answer = await fetch(`http://127.0.0.1:${system.ports[subgraph]}/health/ready`);
      return ((await answer.json()) as { topics: { topic: string; position: number[] }[] }).topics;
    };
    for (const { topic } of await topics()) {
      const ends = await admin.fetchTopicOffsets(topic);
      const expected = ends.toSorted((a, b) => a.partition - b.partition).map(({ high }) => Number(high));
      const read = async () => {
        const positions = await topics();
        expect(positions.find((each) => each.topic === topic)?.position, topic).toEqual(expected);
      };
      await vi.waitFor(read, { timeout: 30_000 });
    }
  }
  await admin.disconnect();
};

const idsOf = (nodes: readonly { readonly id: string }[]): string[] => nodes.map(({ id }) => id).toSorted();

/** Nodes with a connection of flights, each read to its end: by key. */
const flightsOf = async (
  nodes: readonly (Readonly<Record<string, unknown>> & { flights: Connection<{ id: string }> })[],
  one: (key: string) => string,
  key: string,
  field: string,
): Promise<Map<string, string[]>> => {
  const found = new Map<string, string[]>();
  for (const node of nodes) {
    const name = String(node[key]);
    const nested = (after: string) =>
      `{ one: ${one(name)} { flights: ${field}(first: 500${after}) { nodes { id } ${pageInfo} } } }`;
    const { hasNextPage } = node.flights.pageInfo;
    const all = hasNextPage
      ? await allNodes<{ id: string }>(
          system.url,
          nested,
          ({ one: read }: { one: { flights: Connection<{ id: string }> } }) => read.flights,
        )
      : node.flights.nodes;
    if (all.length > 0) found.set(name, idsOf(all));
  }
  return found;
};

const groupedIds = (key: (flight: FlightNode) => string | undefined): Map<string, string[]> => {
  const grouped = Map.groupBy(flights, (flight) => key(flight) ?? '');
  grouped.delete('');
  return new Map([...grouped].map(([name, of]) => [name, idsOf(of)]));
};

const place = ({ origin, scheduledDeparture }: FlightNode): string =>
  `${origin.faa} ${new Date(Date.parse(scheduledDeparture) + newYork).toISOString().slice(0, 10)}`;

describe('the week is right through GraphQL', () => {
  test('flights, departures and cancellations by airport and day are those of the CSV', () => {
    expect(flights).toHaveLength(truth.flights);
    expect(new Set(idsOf(flights)).size).toBe(truth.flights);
    expect(count(flights, place)).toEqual(truth.scheduled);
    const departed = flights.filter(({ departure }) => departure !== null);
    expect(count(departed, place)).toEqual(truth.departed);
    const cancelled = flights.filter(({ status }) => status === 'CANCELLED');
    expect(count(cancelled, place)).toEqual(truth.cancelled);
    // The blizzard.
    expect(truth.cancelled['LGA 2013-02-09']).toBeGreaterThan(100);
  });

  test('the mean delay by airline is that of the CSV, of departures and of arrivals', () => {
    const carrier = (flight: FlightNode): string => flight.airline.code;
    expect(mean(flights, carrier, (flight) => flight.departureDelayMinutes)).toEqual(
      truth.meanDepartureDelay,
    );
    // Where the CSV has no delay of an arrival, it has no time in the air either; the graph takes those from the clocks.
    const recorded = flights.filter(({ airTimeMinutes }) => airTimeMinutes !== null);
    expect(mean(recorded, carrier, (flight) => flight.arrivalDelayMinutes)).toEqual(truth.meanArrivalDelay);
    for (const flight of recorded) expect(flight.delayMinutes, flight.id).toBe(flight.arrivalDelayMinutes);
  });

  test('clocks: who arrives was in the air for as long as recorded, overnight and across zones', () => {
    const landed = flights.filter(
      ({ arrival, airTimeMinutes }) => arrival !== null && airTimeMinutes !== null,
    );
    expect(landed.length).toBeGreaterThan(5_000);
    for (const { id, departure, arrival, airTimeMinutes } of landed) {
      const ground =
        (Date.parse(arrival ?? '') - Date.parse(departure ?? '')) / minute - (airTimeMinutes ?? 0);
      expect(ground, id).toBeGreaterThan(0);
      expect(ground, id).toBeLessThan(240);
    }
  });

  test('holes: every flight has its airline, and without a row of its plane or destination only their names are null', () => {
    expect(flights.filter(({ airline }) => typeof airline.name !== 'string')).toEqual([]);
    expect(count(flights, ({ plane }) => plane?.model ?? 'none')).toEqual(truth.models);
    expect(count(flights, ({ destination }) => destination.faa)).toEqual(truth.bound);
    const unnamed = flights.filter(({ destination }) => destination.name === null);
    expect([...new Set(unnamed.map(({ destination }) => destination.faa))].toSorted()).toEqual([
      'BQN',
      'PSE',
      'SJU',
      'STT',
    ]);
    expect(unnamed.filter(({ scheduledArrival }) => scheduledArrival !== null)).toEqual([]);
  });
});

describe('connections, page after page, give the same flights', () => {
  test('of airports: departures and arrivals', async () => {
    type AirportNode = { faa: string; flights: Connection<{ id: string }> };
    for (const [field, expected] of [
      ['departures', groupedIds(({ origin }) => origin.faa)],
      ['arrivals', groupedIds(({ destination }) => destination.faa)],
    ] as const) {
      const airports = await allNodes<AirportNode>(
        system.url,
        (after) =>
          `{ airports(first: 500${after}) { nodes { faa flights: ${field}(first: 100) { nodes { id } ${pageInfo} } } ${pageInfo} } }`,
        ({ airports: page }: { airports: Connection<AirportNode> }) => page,
      );
      expect(airports).toHaveLength(truth.airports);
      const read = await flightsOf(airports, (faa) => `airport(faa: "${faa}")`, 'faa', field);
      // San Juan and three others are in no list of airports, but have their flights all the same.
      const known = new Set(airports.map(({ faa }) => faa));
      expect(read).toEqual(new Map([...expected].filter(([faa]) => known.has(faa))));
    }
  });

  test('of airlines and planes', async () => {
    type AirlineNode = { code: string; flights: Connection<{ id: string }>; planes: Connection<unknown> };
    const airlines = await allNodes<AirlineNode>(
      system.url,
      (after) =>
        `{ airlines(first: 7${after}) { nodes { code planes(first: 500) { nodes { tailNumber } ${pageInfo} }
           flights(first: 500) { nodes { id } ${pageInfo} } } ${pageInfo} } }`,
      ({ airlines: page }: { airlines: Connection<AirlineNode> }) => page,
    );
    expect(airlines).toHaveLength(truth.airlines);
    const fleets = airlines.map(({ code, planes }) => [code, planes.nodes.length] as const);
    expect(Object.fromEntries(fleets.filter(([, size]) => size > 0))).toEqual(truth.fleet);
    expect(await flightsOf(airlines, (code) => `airline(code: "${code}")`, 'code', 'flights')).toEqual(
      groupedIds(({ airline }) => airline.code),
    );

    type PlaneNode = { tailNumber: string; flights: Connection<{ id: string }> };
    const planes = await allNodes<PlaneNode>(
      system.url,
      (after) =>
        `{ planes(first: 500${after}) { nodes { tailNumber flights(first: 10) { nodes { id } ${pageInfo} } } ${pageInfo} } }`,
      ({ planes: page }: { planes: Connection<PlaneNode> }) => page,
    );
    expect(planes).toHaveLength(truth.planes);
    const flown = await flightsOf(planes, (tail) => `plane(tailNumber: "${tail}")`, 'tailNumber', 'flights');
    const counts = [...flown].map(([tailNumber, ids]) => [tailNumber, ids.length]);
    expect(Object.fromEntries(counts)).toEqual(truth.flown);
    expect(flown.get('N380HA')).toEqual(groupedIds(({ plane }) => plane?.tailNumber).get('N380HA'));
  });
});

describe('the weather and the clock', () => {
  test('every observation is there, and the current one is the last', async () => {
    const client = new ResumingClient(
      system.url,
      'subscription { weatherObservations(from: "EARLIEST") { airport { faa } observedAt temperature } }',
    );
    await client.until(() => client.results.length >= truth.observations);
    await client.dispose();
    const all = client.results.map(
      ({ data }) =>
        (data as { weatherObservations: { airport: { faa: string }; temperature: number } })
          .weatherObservations,
    );
    expect(all).toHaveLength(truth.observations);
    const coldest = Map.groupBy(all, ({ airport }) => airport.faa);
    expect(
      Object.fromEntries(
        [...coldest].map(([faa, of]) => [faa, Math.min(...of.map((each) => each.temperature))]),
      ),
    ).toEqual(truth.coldest);

    type Current = {
      currentWeather: { airport: { faa: string }; observedAt: string; temperature: number }[];
    };
    const { currentWeather } = await dataOf<Current>(
      system.url,
      '{ currentWeather { airport { faa } observedAt temperature } }',
    );
    const last = currentWeather.map(({ airport, temperature }) => [airport.faa, temperature]);
    expect(Object.fromEntries(last)).toEqual(truth.lastTemperature);
  });

  test('the clock of the replay stands where the week ended', async () => {
    type Clock = { replayClock: { name: string; time: string; speed: number | null } };
    const { replayClock } = await dataOf<Clock>(system.url, '{ replayClock { name time speed } }');
    expect(replayClock).toMatchObject({ name: 'nyc-flights', speed: null });
    const latest =
      flights
        .map(({ arrival }) => arrival ?? '')
        .toSorted()
        .at(-1) ?? '';
    expect(Date.parse(replayClock.time)).toBeGreaterThanOrEqual(Date.parse(latest));
  });
});
