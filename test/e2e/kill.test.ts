import { setTimeout as pace } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ResumingClient, tributaryOf } from './clients.ts';
import { type Change, flight, flightEvent } from './operations.ts';
import { System } from './system.ts';
import { foldByKey, readTopic, type TopicRecord } from './truth.ts';

const origins = ['JFK', 'LGA', 'EWR'];
const kinds = ['DELAYED', 'DEPARTED', 'ARRIVED'];
const eventText =
  'subscription($kinds: [FlightEventKind!], $flight: ID) { flightEvents(kinds: $kinds, flight: $flight) { kind delayMinutes flight { id } } }';
const changeText =
  'subscription($origin: ID) { flightChanges(origin: $origin) { kind key flight { id delayMinutes origin { name } } } }';

let system: System;

beforeAll(async () => {
  system = await System.create();
  await system.start();
});

afterAll(async () => {
  await system?.dispose();
});

interface EventClient {
  readonly client: ResumingClient;
  readonly matches: (record: TopicRecord) => boolean;
}
interface ChangeClient {
  readonly client: ResumingClient;
  readonly origin: string | null;
  /** Key to offset, as the client would show it. */
  readonly state: () => Map<string, number>;
}

const eventClients = (count: number): EventClient[] =>
  Array.from({ length: count }, (_, index) => {
    const kind = kinds[index % 3] ?? 'DELAYED';
    if (index % 5 < 2) return { client: new ResumingClient(system.url, eventText), matches: () => true };
    if (index % 5 < 4) {
      return {
        client: new ResumingClient(system.url, eventText, { kinds: [kind] }),
        matches: ({ value }) => value?.kind === kind,
      };
    }
    const id = `K${index % 40}`;
    return {
      client: new ResumingClient(system.url, eventText, { flight: id }),
      matches: ({ key }) => key === id,
    };
  });

const changeClients = (count: number): ChangeClient[] =>
  Array.from({ length: count }, (_, index) => {
    const origin = index % 4 === 3 ? null : (origins[index % 4] ?? null);
    const client = new ResumingClient(system.url, changeText, { origin });
    return { client, origin, state: () => stateOf(client) };
  });

/** Folds what a client was sent, and checks on the way that no key goes back. */
const stateOf = (client: ResumingClient): Map<string, number> => {
  const state = new Map<string, number>();
  const last = new Map<string, number>();
  for (const result of client.results) {
    const { kind, key } = (result.data as { flightChanges: Change }).flightChanges;
    if (kind === 'RESET') {
      state.clear();
      last.clear();
    }
    const { at } = tributaryOf(result);
    if (key === null || at === null) continue;
    if (at[1] <= (last.get(key) ?? -1)) throw new Error(`${key} went back from ${last.get(key)} to ${at[1]}`);
    last.set(key, at[1]);
    if (kind === 'DELETE') state.delete(key);
    else state.set(key, at[1]);
  }
  return state;
};

/** 200 records a second, half events and half rows, 40 keys whose rows move between the origins and die now and then. */
const writeFor = async (seconds: number, from: number): Promise<number> => {
  const producer = await system.producer();
  let sequence = from;
  for (let tick = 0; tick < seconds * 20; tick++) {
    const batch = Array.from({ length: 5 }, () => {
      sequence++;
      const id = `K${sequence % 40}`;
      const row = flight(id, origins[Math.floor(sequence / 7) % 3] ?? 'JFK', { delayMinutes: sequence });
      return {
        event: flightEvent(id, kinds[sequence % 3] ?? 'DELAYED', sequence),
        row: sequence % 31 === 0 ? { key: id, value: null } : row,
      };
    });
    await Promise.all([
      producer.sendBatch({
        topicMessages: [
          { topic: 'flights.events', messages: batch.map(({ event }) => event) },
          { topic: 'flights.flights', messages: batch.map(({ row }) => row) },
        ],
      }),
      // The rate is the load, not a wait for something to happen.
      pace(50),
    ]);
  }
  await producer.disconnect();
  return sequence;
};

const placesOf = (client: ResumingClient): string[] =>
  client.results.map((result) => tributaryOf(result).at?.join('/') ?? 'none');
const placesIn = (records: readonly TopicRecord[]): string[] =>
  records.map(({ partition, offset }) => `${partition}/${offset}`);
const byPartition = (places: readonly string[]): Map<string, string[]> =>
  Map.groupBy(places, (place) => place.split('/')[0] ?? '');

const judgeEvents = ({ client, matches }: EventClient, truth: readonly TopicRecord[], since: number) => {
  const expected = byPartition(
    placesIn(
      truth
        .filter((record) => Number(record.value?.delayMinutes) > since && matches(record))
        .sort((a, b) => a.offset - b.offset),
    ),
  );
  const received = byPartition(placesOf(client));
  let [lost, twice, disordered] = [0, 0, 0];
  for (const [partition, places] of expected) {
    const got = received.get(partition) ?? [];
    const unique = new Set(got);
    lost += places.filter((place) => !unique.has(place)).length;
    twice += got.length - unique.size;
    if (got.join() !== places.join() && got.length === places.length) disordered++;
  }
  return { lost, twice, disordered };
};

describe('kill -9 under 200 records a second with 50 clients that resume by cursor', () => {
  test('S1 of the gateway, then of the subgraph: nothing lost, nothing twice, the end state is the fold', async () => {
    const warm = await writeFor(1, 0);
    const events = eventClients(25);
    const changes = changeClients(25);
    const clients = [...events, ...changes].map(({ client }) => client);
    await Promise.all(clients.map((client) => client.started));
    const writing = writeFor(20, warm);
    await clients[0]?.until(() => (clients[0]?.results.length ?? 0) > 300);
    await system.kill('gateway');
    await Promise.all(clients.map((client) => client.until(() => client.connections >= 2)));
    const resumed = clients[0]?.results.length ?? 0;
    await clients[0]?.until(() => (clients[0]?.results.length ?? 0) > resumed + 300);
    await system.kill('flights');
    const last = await writing;
    expect(last - warm).toBe(2_000);
    const [eventTruth, changeTruth] = await Promise.all([
      readTopic(system.kafka(), 'flights.events'),
      readTopic(system.kafka(), 'flights.flights'),
    ]);
    await Promise.all(
      events.map(({ client, matches }) => {
        const wanted = eventTruth.filter(
          (record) => Number(record.value?.delayMinutes) > warm && matches(record),
        ).length;
        return client.until(() => client.results.length >= wanted);
      }),
    );
    const fold = foldByKey(changeTruth);
    const expectedState = (origin: string | null) =>
      [...fold.values()]
        .filter(({ value }) => origin === null || value?.origin === origin)
        .map(({ key, offset }) => [key, offset] as const)
        .sort();
    const sameAsFold = ({ state, origin }: ChangeClient): boolean =>
      JSON.stringify([...state()].sort()) === JSON.stringify(expectedState(origin));
    await Promise.all(changes.map((each) => each.client.until(() => sameAsFold(each))));
    const judged = events.map((each) => judgeEvents(each, eventTruth, warm));
    const total = (pick: (one: (typeof judged)[number]) => number): number =>
      judged.reduce((sum, one) => sum + pick(one), 0);
    const table = {
      clients: clients.length,
      recordsWritten: eventTruth.length + changeTruth.length,
      eventsDelivered: events.reduce((sum, { client }) => sum + client.results.length, 0),
      changesDelivered: changes.reduce((sum, { client }) => sum + client.results.length, 0),
      reconnects: clients.reduce((sum, client) => sum + client.connections - 1, 0),
      lost: total(({ lost }) => lost),
      twice: total(({ twice }) => twice),
      disordered: total(({ disordered }) => disordered),
    };
    console.table(table);
    expect(table).toMatchObject({ lost: 0, twice: 0, disordered: 0 });
    await Promise.all(clients.map((client) => client.dispose()));
  });

  test('S20 a client that stops reading delays nobody', async () => {
    const { WebSocket } = await import('ws');
    const stopped = new WebSocket(system.url.replace('http', 'ws'), 'graphql-transport-ws');
    await new Promise((resolve) => stopped.once('open', resolve));
    stopped.send(JSON.stringify({ type: 'connection_init' }));
    await new Promise((resolve) => stopped.once('message', resolve));
    stopped.send(JSON.stringify({ id: 'slow', type: 'subscribe', payload: { query: eventText } }));
    await new Promise((resolve) => stopped.once('message', resolve));
    stopped.pause();
    const readers = Array.from({ length: 10 }, () => new ResumingClient(system.url, eventText));
    await Promise.all(readers.map((client) => client.started));
    const producer = await system.producer();
    const latencies: number[] = [];
    // Enough that the stopped client's socket and ring are full: about 20 MB in events.
    for (let burst = 1; burst <= 30; burst++) {
      const messages = Array.from({ length: 2_000 }, (_, index) =>
        flightEvent(`S${index}`, 'DELAYED', burst),
      );
      await producer.send({ topic: 'flights.events', messages });
      const sent = performance.now();
      await Promise.all(readers.map((client) => client.until(() => client.results.length >= burst * 2_000)));
      latencies.push(performance.now() - sent);
    }
    await producer.disconnect();
    const [fastest, slowest] = [Math.min(...latencies.slice(1)), Math.max(...latencies.slice(1))];
    console.log(
      `burst of 2,000 events to 10 readers beside a stopped one: ${fastest.toFixed(0)} to ${slowest.toFixed(0)} ms`,
    );
    expect(readers.map(({ connections }) => connections)).toEqual(readers.map(() => 1));
    await Promise.all(readers.map((client) => client.dispose()));
    stopped.terminate();
  });
});
