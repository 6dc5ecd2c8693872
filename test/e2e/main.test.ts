import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ExecutionResult } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { positionOf, query, ResumingClient, tributaryOf } from './clients.ts';
import { board, type Change, delay, events, flight, flightEvent, live } from './operations.ts';
import { firstRecord, recordAt } from './read-topic.ts';
import { startSnippet } from './snippet.ts';
import { System } from './system.ts';

const root = join(import.meta.dirname, '..', '..');

let system: System;

beforeAll(async () => {
  // Four times the default: some of the tests wait for what happens next.
  system = await System.create({ replay: true, arguments: ['--speed', '240'] });
  await system.start();
});

afterAll(async () => {
  await system?.dispose();
});

const changesOf = (client: ResumingClient): Change[] =>
  client.results.map(({ data }) => (data as { flightChanges: Change }).flightChanges);
const changeOf = (result: ExecutionResult): Change =>
  (result.data as { flightChanges: Change }).flightChanges;

interface GatewayHealth {
  readonly subscriptions: {
    operations: number;
    upstreams: number;
    executions: number;
    deliveries: number;
    subscribers: number;
  };
  readonly subgraphs: Readonly<Record<string, string>>;
}
interface SubgraphHealth {
  readonly status: string;
  readonly topics: readonly { topic: string; records: number; position: number[] }[];
  readonly subscriptions: { operations: number; subscriptions: number; executed: number };
}
const health = async <Body>(service: string): Promise<Body> =>
  (await (await fetch(`http://127.0.0.1:${system.ports[service]}/health/ready`)).json()) as Body;

/** Written by a client that is not ours; resolves with where. */
const write = async (topic: string, records: { key: string; value: string | null }[]): Promise<void> => {
  const producer = await system.producer();
  await producer.send({ topic, messages: records });
  await producer.disconnect();
};

/** Resolves when the client has an event of this key that meets the condition. */
const untilChange = async (
  client: ResumingClient,
  meets: (change: Change) => boolean,
): Promise<ExecutionResult> => {
  let found: ExecutionResult | undefined;
  await client.until(() => {
    found = client.results.find((result) => meets(changeOf(result)));
    return found !== undefined;
  });
  if (found === undefined) throw new Error('not found');
  return found;
};

describe('what a user does first', () => {
  test('pastes the query and the subscription that were printed, which answer at once', async () => {
    const pasted = (program: string): string => {
      const line = system.lines.find((each) => each.startsWith(`  ${program} `));
      if (line === undefined) throw new Error(`no line to paste with ${program}: ${system.lines.join('\n')}`);
      return line;
    };
    const shell = (line: string) => spawn('sh', ['-c', line], { cwd: root, detached: true });
    const curl = shell(pasted('curl'));
    const text = (await curl.stdout.setEncoding('utf8').toArray()).join('');
    const { data, errors } = JSON.parse(text) as ExecutionResult;
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({
      airport: { name: 'John F Kennedy Intl' },
      flights: { nodes: Array.from({ length: 3 }, () => ({ airline: { name: expect.any(String) } })) },
    });
    const tail = shell(pasted('node'));
    onTestFinished(() => void (tail.pid !== undefined && process.kill(-tail.pid)));
    const { promise, resolve } = Promise.withResolvers<string>();
    createInterface(tail.stdout).once('line', resolve);
    expect(await promise).toMatch(/ [A-Z_]+ .*"flight":\{"id":/);
  });

  test('the query joins four subgraphs over what the week has written', async () => {
    const client = new ResumingClient(system.url, live, { airport: 'JFK' });
    await client.until(() => changesOf(client).some(({ kind }) => kind === 'UP_TO_DATE'));
    await client.dispose();
    await expect
      .poll(async () => (await query(system.url, board, { airport: 'JFK' })).data, { timeout: 30_000 })
      .toMatchObject({
        airport: {
          name: 'John F Kennedy Intl',
          weather: {
            temperature: expect.any(Number),
            windSpeed: expect.any(Number),
            visibility: expect.any(Number),
            observedAt: expect.stringMatching(/^2013-02-\d\dT\d\d:00:00/),
          },
          departures: {
            nodes: expect.any(Array),
            pageInfo: { hasNextPage: true, endCursor: expect.any(String) },
          },
        },
      });
    const { data } = await query(system.url, board, { airport: 'JFK' });
    const { nodes } = (
      data as {
        airport: {
          departures: {
            nodes: {
              scheduledDeparture: string;
              destination: { name: string } | null;
              airline: { name: string };
              plane: { model: string | null } | null;
            }[];
          };
        };
      }
    ).airport.departures;
    expect(nodes).toHaveLength(20);
    expect(nodes.filter(({ destination }) => destination !== null).length).toBeGreaterThan(10);
    expect(nodes.filter(({ plane }) => typeof plane?.model === 'string').length).toBeGreaterThan(10);
    for (const { airline } of nodes) expect(airline.name).toEqual(expect.any(String));
    const times = nodes.map(({ scheduledDeparture }) => scheduledDeparture);
    expect(times).toEqual([...times].sort());
  });

  test('the joined live subscription brings what another client writes, and its tombstone', async () => {
    const client = new ResumingClient(system.url, live, { airport: 'LGA' });
    await client.until(() => changesOf(client).some(({ kind }) => kind === 'UP_TO_DATE'));
    await write('flights.flights', [flight('E2E-JOIN', 'LGA', { delayMinutes: 7, tailNumber: 'N0NONE' })]);
    const result = await untilChange(client, ({ key }) => key === 'E2E-JOIN');
    expect(changeOf(result)).toEqual({
      kind: 'UPSERT',
      key: 'E2E-JOIN',
      flight: {
        id: 'E2E-JOIN',
        status: 'SCHEDULED',
        delayMinutes: 7,
        // No airline and no plane has such a row: they stay, without what only the row knows.
        airline: { name: null },
        plane: { model: null },
        origin: { name: 'La Guardia', weather: { temperature: expect.any(Number) } },
        destination: { name: 'Los Angeles Intl' },
      },
    });
    await write('flights.flights', [{ key: 'E2E-JOIN', value: null }]);
    const gone = await untilChange(client, ({ key, kind }) => key === 'E2E-JOIN' && kind === 'DELETE');
    expect(changeOf(gone).flight).toBeNull();
    await client.dispose();
  });

  test('a mutation: the record on the topic, then the view, then the subscription', async () => {
    await write('flights.flights', [flight('E2E-DELAY', 'EWR')]);
    const client = new ResumingClient(system.url, live, { airport: 'EWR' });
    await untilChange(client, ({ key }) => key === 'E2E-DELAY');
    const answer = await query(system.url, delay, { id: 'E2E-DELAY' });
    expect(answer.data).toEqual({ delayFlight: { id: 'E2E-DELAY', status: 'DELAYED', delayMinutes: 30 } });
    const position = positionOf(answer);
    // The flight's own record comes first, the event that goes with it after.
    const [places] = Object.values(position);
    const written = await recordAt(system.kafka(), 'flights.flights', places ?? []);
    expect(JSON.parse(written.value ?? 'null')).toMatchObject({
      id: 'E2E-DELAY',
      status: 'DELAYED',
      delayMinutes: 30,
    });
    const read = await query(
      system.url,
      'query($id: ID!) { flight(id: $id) { status delayMinutes } }',
      { id: 'E2E-DELAY' },
      { tributary: { after: position } },
    );
    expect(read.data).toEqual({ flight: { status: 'DELAYED', delayMinutes: 30 } });
    const told = await untilChange(
      client,
      ({ key, flight: row }) => key === 'E2E-DELAY' && row?.delayMinutes === 30,
    );
    expect(tributaryOf(told).at).toEqual([written.partition, written.offset]);
    await client.dispose();
  });

  test('S25 a retry with its idempotency key gets the first answer, also when the flight can no longer be changed', async () => {
    await write('flights.flights', [flight('E2E-RETRY', 'EWR')]);
    const cancel = 'mutation($key: ID) { cancelFlight(id: "E2E-RETRY", idempotencyKey: $key) { status } }';
    const change =
      'mutation($key: ID) { changeGate(id: "E2E-RETRY", gate: "B22", idempotencyKey: $key) { gate status } }';
    await expect
      .poll(async () => (await query(system.url, change, { key: 'one' })).data)
      .toEqual({ changeGate: { gate: 'B22', status: 'SCHEDULED' } });
    const first = await query(system.url, cancel, { key: 'one' });
    expect(first.data).toEqual({ cancelFlight: { status: 'CANCELLED' } });
    const retry = await query(system.url, cancel, { key: 'one' });
    expect(retry.data).toEqual(first.data);
    // The event is of the first one only, so the retry names the flight's record alone.
    const [[topicId, places] = []] = Object.entries(positionOf(retry));
    expect(positionOf(first)[topicId ?? '']).toEqual(places);
    expect((await query(system.url, change, { key: 'one' })).data).toEqual({
      changeGate: { gate: 'B22', status: 'SCHEDULED' },
    });
    for (const text of [cancel, change]) {
      const late = await query(system.url, text, { key: 'another' });
      expect(late.errors?.[0]).toMatchObject({ extensions: { code: 'CONFLICT' } });
    }
  });

  test('S15 50 clients on one operation: one upstream, one execution for each event; leaving silences nobody, the last one ends it', async () => {
    const clients = Array.from(
      { length: 50 },
      () => new ResumingClient(system.url, events, { flight: 'E2E-FIFTY' }),
    );
    await Promise.all(clients.map((client) => client.started));
    const [gatewayBefore, before] = await Promise.all([
      health<GatewayHealth>('gateway'),
      health<SubgraphHealth>('flights'),
    ]);
    expect(gatewayBefore.subscriptions).toMatchObject({ operations: 1, upstreams: 1, subscribers: 50 });
    expect(before.subscriptions).toMatchObject({ operations: 1, subscriptions: 1 });
    await write(
      'flights.events',
      [1, 2, 3].map((minutes) => flightEvent('E2E-FIFTY', 'DELAYED', minutes)),
    );
    await Promise.all(clients.map((client) => client.until(() => client.results.length === 3)));
    const [gatewayAfter, after] = await Promise.all([
      health<GatewayHealth>('gateway'),
      health<SubgraphHealth>('flights'),
    ]);
    expect(gatewayAfter.subscriptions.executions - gatewayBefore.subscriptions.executions).toBe(3);
    expect(gatewayAfter.subscriptions.deliveries - gatewayBefore.subscriptions.deliveries).toBe(150);
    expect(after.subscriptions.executed - before.subscriptions.executed).toBe(3);
    const [first, second, ...rest] = clients;
    await Promise.all([first?.dispose(), ...rest.map((client) => client.dispose())]);
    await write('flights.events', [flightEvent('E2E-FIFTY', 'DEPARTED')]);
    await second?.until(() => second.results.length === 4);
    expect(first?.results).toHaveLength(3);
    await second?.dispose();
    await expect
      .poll(async () => (await health<SubgraphHealth>('flights')).subscriptions)
      .toMatchObject({ operations: 0, subscriptions: 0 });
  });
});

describe('bad input', () => {
  test('a mutation on an unknown flight, an invalid operation', async () => {
    const unknown = await query(system.url, delay, { id: 'NOBODY' });
    expect(unknown.errors?.[0]).toMatchObject({ extensions: { code: 'NOT_FOUND' }, path: ['delayFlight'] });
    const invalid = await query(system.url, '{ airport(faa: "JFK") { nonsense } }');
    expect(invalid.errors?.[0]).toMatchObject({ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } });
    const socket = new ResumingClient(system.url, 'subscription { nonsense }');
    await expect(socket.until(() => false)).rejects.toThrow('nonsense');
    await socket.dispose();
  });

  test('S23 malformed JSON on a topic: a dead letter, a typed error for its row, and the rest goes on', async () => {
    const client = new ResumingClient(system.url, live, { airport: 'JFK' });
    await client.until(() => changesOf(client).some(({ kind }) => kind === 'UP_TO_DATE'));
    await write('flights.flights', [
      { key: 'E2E-BAD', value: '{"id": "E2E-BAD", oops' },
      flight('E2E-MISFIT', 'JFK', { delayMinutes: 'soon', status: 'SCHEDULED' }),
    ]);
    const misfit = await untilChange(client, ({ key }) => key === 'E2E-MISFIT');
    expect(changeOf(misfit).flight?.delayMinutes).toBeNull();
    const read = await query(system.url, '{ flight(id: "E2E-BAD") { id } }');
    expect(read.errors?.[0]).toMatchObject({ extensions: { code: 'RECORD_UNREADABLE' } });
    const letter = await firstRecord(system.kafka(), 'flights.flights.dead-letters');
    expect(letter.value).toBe('{"id": "E2E-BAD", oops');
    expect(letter.key).toMatch(/^flights\.flights\/\d\/\d+$/);
    await client.dispose();
  });

  test('S29 garbage frames and foreign origins are refused, and nobody else notices', async () => {
    const bystander = new ResumingClient(system.url, events, { flight: 'E2E-BYSTANDER' });
    await bystander.started;
    const garbage = new WebSocket(system.url.replace('http', 'ws'), 'graphql-transport-ws');
    const closed = new Promise<number>((resolve) => garbage.on('close', resolve));
    garbage.on('open', () => garbage.send(Buffer.from([0xff, 0x00, 0x7b])));
    expect(await closed).toBe(4400);
    const foreign = new WebSocket(system.url.replace('http', 'ws'), 'graphql-transport-ws', {
      origin: 'https://evil.example',
    });
    foreign.on('error', () => undefined);
    const refused = await new Promise((resolve) =>
      foreign.on('unexpected-response', (_request, answer) => resolve(answer.statusCode)),
    );
    expect(refused).toBe(403);
    const post = await fetch(system.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://evil.example' },
      body: '{"query":"{ __typename }"}',
    });
    expect(post.status).toBe(403);
    await write('flights.events', [flightEvent('E2E-BYSTANDER', 'DEPARTED')]);
    await bystander.until(() => bystander.results.length === 1);
    await bystander.dispose();
  });
});

describe('the clients of the guide', () => {
  test('come back by their own lines when the gateway is killed, and are told nothing twice', async () => {
    const guide = await readFile('docs/guides/subscriptions.md', 'utf8');
    const snippets = [...guide.matchAll(/<!-- test: client (\S+) -->\n```js\n([\s\S]*?)```/g)];
    expect(snippets.map(([, name]) => name)).toEqual(['graphql-ws', 'apollo', 'urql', 'graphql-sse']);
    const clients = await Promise.all(
      snippets.map(([, name = '', script = '']) => startSnippet(name, script, system.url)),
    );
    try {
      await Promise.all(clients.map((client) => client.until(2)));
      await system.kill('gateway');
      await Promise.all(clients.map((client) => client.until(client.lines.length + 3)));
    } finally {
      await Promise.all(clients.map((client) => client.stop()));
    }
    // Departures of one flight happen once: a line that comes again was sent twice.
    for (const { lines } of clients) expect(new Set(lines).size).toBe(lines.length);
  });
});

describe('a subgraph that dies', () => {
  test('its fields fail with a typed error, others answer, and it comes back by itself', async () => {
    await write('flights.flights', [flight('E2E-DOWN', 'JFK')]);
    const text = '{ flight(id: "E2E-DOWN") { id destination { name } } }';
    await expect
      .poll(async () => (await query(system.url, text)).data)
      .toMatchObject({ flight: { destination: { name: 'Los Angeles Intl' } } });
    const pid = await system.pidOf('airports');
    process.kill(pid, 'SIGSTOP');
    try {
      const frozen = await query(system.url, text);
      expect(frozen.data).toEqual({ flight: { id: 'E2E-DOWN', destination: { name: null } } });
      expect(frozen.errors?.[0]).toMatchObject({ extensions: { code: 'SUBGRAPH_TIMEOUT' } });
    } finally {
      process.kill(pid, 'SIGKILL');
    }
    const dead = await query(system.url, text);
    expect(dead.data).toMatchObject({ flight: { id: 'E2E-DOWN' } });
    await expect
      .poll(async () => (await query(system.url, text)).data, { timeout: 60_000 })
      .toMatchObject({
        flight: { destination: { name: 'Los Angeles Intl' } },
      });
  });

  test('S26 restarted after kill -9 it goes on from its stored position, without reading the topic again', async () => {
    const before = await health<SubgraphHealth>('flights');
    const stored =
      before.topics
        .find(({ topic }) => topic === 'flights.flights')
        ?.position.reduce((sum, next) => sum + next, 0) ?? 0;
    expect(stored).toBeGreaterThan(100);
    const killed = await system.kill('flights');
    await expect
      .poll(() => system.pidOf('flights').catch(() => killed), { timeout: 30_000 })
      .not.toBe(killed);
    await expect
      .poll(async () => (await health<SubgraphHealth>('flights').catch(() => null))?.status, {
        timeout: 60_000,
      })
      .toBe('ready');
    const after = await health<SubgraphHealth>('flights');
    const view = after.topics.find(({ topic }) => topic === 'flights.flights');
    // The replay goes on meanwhile: some new records, but not the topic.
    expect(view?.records).toBeLessThan(stored / 2);
    const { data } = await query(system.url, '{ flight(id: "E2E-DELAY") { delayMinutes } }');
    expect(data).toEqual({ flight: { delayMinutes: 30 } });
  });
});
