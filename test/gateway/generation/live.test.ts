import { createClient as createSse } from 'graphql-sse';
import { createClient, type ExecutionResult } from 'graphql-ws';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { type RunningGateway, startGateway } from '../../../gateway/index.ts';
import type { RunningSubgraph } from '../../../subgraphs/kit/index.ts';
import { post, runSubgraph, tributaryOf } from '../../kit/subgraph/running.ts';
import { kafka, produce, uniqueTopic } from '../../support/kafka.ts';
import { eventually, Signal } from '../support/signal.ts';
import { supergraphOf } from '../support/supergraph.ts';

const links = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])
  @link(url: "https://tributary.dev/kafka/v1.0", import: ["@topic", "@view", "@consume", "@change", "@record", "Cursor", "ChangeKind"])
`;

/** Departures of gates: an event stream that joins the gate, and the gates themselves as a change stream. */
const departures = (topic: string, gates: string, more = ''): string => `${links}
type Departure @topic(name: "${topic}", key: "flight", cleanup: DELETE, partitions: 3) {
  flight: ID!
  seq: Int!
  ${more}
  gate: Gate! @record(field: "gate")
}
type Gate @key(fields: "id", resolvable: false) { id: ID! }
type Slot @key(fields: "id") @topic(name: "${gates}", key: "id", cleanup: COMPACT, partitions: 1) { id: ID! terminal: String! }
type SlotChange @change(of: "Slot") { kind: ChangeKind! key: ID slot: Slot }
type Query { slot(id: ID!): Slot @view }
type Subscription {
  departed(flight: ID, from: Cursor): Departure! @consume(replay: "1h")
  slotChanges(from: Cursor): SlotChange! @consume(snapshot: true)
}`;

const terminals = (topic: string, more = ''): string => `${links}
type Gate @key(fields: "id") @topic(name: "${topic}", key: "id", cleanup: COMPACT, partitions: 1) { id: ID! terminal: String! ${more} }
type Query { gate(id: ID!): Gate @view }`;

const sdlOf = async ({ url }: RunningSubgraph): Promise<string> => {
  const { data } = await post(url, '{ _service { sdl } }');
  return (data as { _service: { sdl: string } })._service.sdl;
};

/** Composed by stock composition of what the subgraphs themselves tell. */
const composed = async (parts: Readonly<Record<string, RunningSubgraph>>): Promise<string> =>
  supergraphOf(
    await Promise.all(
      Object.entries(parts).map(async ([name, subgraph]) => ({
        name,
        url: subgraph.url,
        sdl: await sdlOf(subgraph),
      })),
    ),
  );

const serve = async (supergraphSdl: string): Promise<RunningGateway> => {
  const gateway = await startGateway({ port: 0, supergraphSdl, log: pino({ level: 'silent' }) });
  onTestFinished(() => gateway.stop());
  return gateway;
};

interface Departed {
  readonly flight: string;
  readonly seq: number;
  readonly gate: { readonly id: string; readonly terminal?: string };
}

/** A subscription of a stock client that may come back as often as it likes, but has to say that it did. */
class Follower {
  readonly results: ExecutionResult[] = [];
  readonly changed = new Signal();
  sockets = 0;
  failure: unknown = null;

  constructor({ url }: RunningGateway, transport: 'WS' | 'SSE', query: string) {
    const sink = {
      next: (result: unknown) => {
        this.results.push(result as ExecutionResult);
        this.changed.fire();
      },
      error: (error: unknown) => {
        this.failure = error;
        this.changed.fire();
      },
      complete: () => this.changed.fire(),
    };
    const opened = (): void => {
      this.sockets += 1;
    };
    if (transport === 'WS') {
      const options = { url: url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 20 };
      const client = createClient({ ...options, on: { opened } });
      client.subscribe({ query }, sink);
      onTestFinished(async () => void (await client.dispose()));
    } else {
      const client = createSse({ url, retryAttempts: 20, on: { connecting: opened } });
      client.subscribe({ query }, sink);
      onTestFinished(() => client.dispose());
    }
  }

  get departed(): Departed[] {
    return this.results.map(({ data }) => (data as { departed: Departed }).departed);
  }

  /** `partition:offset` of each event. */
  get places(): string[] {
    return this.results.map((result) => (tributaryOf(result).at ?? []).join(':'));
  }

  async until(condition: () => boolean): Promise<void> {
    await this.changed.until(() => condition() || this.failure !== null);
    if (this.failure !== null && !condition()) throw new Error(JSON.stringify(this.failure));
  }

  /** Resolves with the error that ended it. */
  async error(): Promise<{ message: string; extensions: Record<string, unknown> }> {
    await this.changed.until(() => this.failure !== null || this.results.some(({ errors }) => errors));
    const errors = Array.isArray(this.failure) ? this.failure : this.results.at(-1)?.errors;
    return errors?.[0] as { message: string; extensions: Record<string, unknown> };
  }
}

/** Writes departures until it is stopped; what it wrote is in `places`. */
const writeTo = async (topic: string) => {
  const producer = kafka().producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const places: string[] = [];
  let seq = 0;
  let stopped = false;
  const write = async (): Promise<void> => {
    const partition = seq % 3;
    const flight = `F${seq % 7}`;
    const value = JSON.stringify({ flight, seq, gate: `G${seq % 2}` });
    seq += 1;
    const [sent] = await producer.send({ topic, acks: -1, messages: [{ key: flight, value, partition }] });
    places.push(`${partition}:${sent?.baseOffset}`);
  };
  const writing = (async () => {
    while (!stopped) await write();
  })();
  const stop = async (): Promise<void> => {
    stopped = true;
    await writing;
  };
  onTestFinished(async () => {
    await stop();
    await producer.disconnect();
  });
  return { places, stop };
};

const gatesOf = (topic: string, prefix: string) =>
  produce(
    topic,
    ['G0', 'G1'].map((id) => ({ key: id, value: JSON.stringify({ id, terminal: `${prefix} ${id}` }) })),
  );

const query = 'subscription { departed { flight seq gate { id terminal } } }';

/** Per partition in order, each once, none left out since the first. */
const expectWhole = (follower: Follower, written: readonly string[]): void => {
  const all = new Set(written);
  const { places } = follower;
  expect(new Set(places).size).toBe(places.length);
  for (const partition of ['0', '1', '2']) {
    const mine = places.filter((place) => place.startsWith(`${partition}:`));
    const offsets = mine.map((place) => Number(place.split(':')[1]));
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
    const first = offsets[0] ?? 0;
    const expected = [...all].filter((place) => {
      const [of, offset] = place.split(':');
      return of === partition && Number(offset) >= first;
    });
    expect(mine).toHaveLength(expected.length);
  }
};

const start = async () => {
  const topics = { departures: uniqueTopic('departures'), gates: uniqueTopic('gates') };
  const slots = uniqueTopic('slots');
  const first = await runSubgraph({ name: 'departures', sdl: departures(topics.departures, slots) });
  const gates = await runSubgraph({ name: 'gates', sdl: terminals(topics.gates) });
  await gatesOf(topics.gates, 'old');
  const gateway = await serve(await composed({ departures: first, gates }));
  const settled = (): Promise<void> => eventually(() => gateway.counters.movesPending === 0);
  return { topics, slots, first, gates, gateway, settled };
};

describe('S19 live events from Kafka while the supergraph changes', () => {
  test('S19 the root moves to another subgraph, the joins to a third: each event once, on one socket', async () => {
    const { topics, slots, first, gates, gateway, settled } = await start();
    const followers = [
      ...Array.from({ length: 5 }, () => new Follower(gateway, 'WS', query)),
      ...Array.from(
        { length: 5 },
        (_, index) => new Follower(gateway, 'WS', query.replace('seq', `s${index}: seq`)),
      ),
      ...Array.from({ length: 3 }, () => new Follower(gateway, 'SSE', query)),
    ];
    await eventually(() => gateway.counters.subscribers === followers.length);
    const writer = await writeTo(topics.departures);
    await Promise.all(followers.map((follower) => follower.until(() => follower.results.length > 20)));

    // A field elsewhere.
    const more = await runSubgraph({
      name: 'more',
      sdl: `${links} type Query { more: Int }`,
      resolvers: { Query: { more: () => 1 } },
    });
    await gateway.update(await composed({ departures: first, gates, more }));
    await settled();
    expect(gateway.counters).toMatchObject({ moves: 6, upstreamsOpened: 6 });

    // The joins come from another subgraph, over another topic.
    const others = uniqueTopic('gates');
    const gates2 = await runSubgraph({ name: 'gates2', sdl: terminals(others) });
    await gatesOf(others, 'new');
    await answered(async () => {
      const { data } = await post(gates2.url, '{ gate(id: "G1") { id } }');
      return (data as { gate: unknown }).gate !== null;
    });
    await gateway.update(await composed({ departures: first, gates2 }));
    await settled();
    expect(gateway.counters.upstreamsOpened).toBe(6);

    // The root comes from another process over the same topic; the first one ends.
    const second = await runSubgraph({ name: 'elsewhere', sdl: departures(topics.departures, slots) });
    await gateway.update(await composed({ elsewhere: second, gates2 }));
    await settled();
    await first.stop();
    const moved = writer.places.length;
    await eventually(() => writer.places.length > moved + 20);
    await writer.stop();
    await Promise.all(
      followers.map((follower) => follower.until(() => follower.places.includes(writer.places.at(-1) ?? ''))),
    );
    for (const follower of followers) {
      expectWhole(follower, writer.places);
      expect(follower.sockets).toBe(1);
      expect(follower.results.every(({ errors }) => errors === undefined)).toBe(true);
      const values = follower.departed.map(({ gate }) => gate.terminal?.split(' ')[0]);
      // The plan is another one from some event on, and stays it.
      expect(values.slice(0, 20)).toEqual(Array(20).fill('old'));
      expect(values.lastIndexOf('old')).toBeLessThan(values.indexOf('new'));
      expect(values.at(-1)).toBe('new');
    }
    expect(gateway.counters).toMatchObject({ moves: 18, movesRefused: 0, operations: 6, upstreams: 6 });
  });

  test('S19 a change stream goes on where it was, without a new snapshot', async () => {
    const { topics, slots, gates, gateway, settled } = await start();
    const row = (id: string, terminal: string) => ({ key: id, value: JSON.stringify({ id, terminal }) });
    await produce(slots, [row('A', '1'), row('B', '1')]);
    const changes = new Follower(
      gateway,
      'WS',
      'subscription { slotChanges { kind key slot { terminal } } }',
    );
    const kinds = (): unknown[] =>
      changes.results.map(({ data }) => (data as { slotChanges: { kind: string } }).slotChanges.kind);
    // Both rows, as part of the snapshot or, from a view that had not read them yet, behind it.
    const rows = (): number => kinds().filter((kind) => kind === 'SNAPSHOT' || kind === 'UPSERT').length;
    await changes.until(() => kinds().includes('UP_TO_DATE') && rows() === 2);
    const had = kinds().length;
    const second = await runSubgraph({ name: 'elsewhere', sdl: departures(topics.departures, slots) });
    await gateway.update(await composed({ elsewhere: second, gates }));
    await settled();
    await produce(slots, [row('A', '2'), { key: 'B', value: null }]);
    const followed = (): unknown[] => kinds().slice(had);
    await changes.until(() => followed().includes('DELETE') && followed().includes('UPSERT'));
    // A resume ends with another UP_TO_DATE, as after a loss (S4); nothing is sent that the client has.
    expect(
      followed()
        .filter((kind) => kind !== 'UP_TO_DATE')
        .toSorted(),
    ).toEqual(['DELETE', 'UPSERT']);
    expect(changes.sockets).toBe(1);
  });

  test('S19 the root comes from another topic: it ends, and says where it was', async () => {
    const { slots, gates, gateway, settled, topics } = await start();
    const events = new Follower(gateway, 'WS', query);
    const changes = new Follower(gateway, 'SSE', 'subscription { slotChanges { kind } }');
    const writer = await writeTo(topics.departures);
    await Promise.all([
      events.until(() => events.results.length > 3),
      changes.until(() => changes.results.length >= 2),
    ]);
    await writer.stop();
    await events.until(() => events.places.includes(writer.places.at(-1) ?? ''));
    const second = await runSubgraph({
      name: 'elsewhere',
      sdl: departures(uniqueTopic('departures'), uniqueTopic('slots')),
    });
    await gateway.update(await composed({ elsewhere: second, gates }));
    await settled();
    const error = await events.error();
    expect(error).toMatchObject({
      message: expect.stringContaining('the field is served from another topic'),
      extensions: { code: 'SUBSCRIPTION_INVALIDATED', cursor: expect.any(String) },
    });
    expect((await changes.error()).extensions.code).toBe('SUBSCRIPTION_INVALIDATED');
    expect(gateway.counters).toMatchObject({ operations: 0, upstreams: 0, movesRefused: 2 });
    // Back on the first topic, the cursor of the error misses nothing.
    const third = await runSubgraph({ name: 'departures', sdl: departures(topics.departures, slots) });
    await gateway.update(await composed({ departures: third, gates }));
    await produce(topics.departures, [
      { key: 'F', value: JSON.stringify({ flight: 'F', seq: -1, gate: 'G0' }), partition: 0 },
    ]);
    const resumed = new Follower(
      gateway,
      'WS',
      `subscription { departed(from: "${error.extensions.cursor}") { flight seq gate { id terminal } } }`,
    );
    await resumed.until(() => resumed.results.length === 1);
    expect(resumed.departed[0]?.seq).toBe(-1);
  });

  test('S19 a selected field changes its type or goes: only who selects it is told', async () => {
    const { topics, slots, gates, gateway, settled } = await start();
    const whole = new Follower(gateway, 'WS', query);
    const part = new Follower(gateway, 'WS', 'subscription { departed { flight seq } }');
    const writer = await writeTo(topics.departures);
    await Promise.all([
      whole.until(() => whole.results.length > 3),
      part.until(() => part.results.length > 3),
    ]);
    const changed = departures(topics.departures, slots).replace('flight: ID!', 'flight: ID!\n  gate2: ID');
    const second = await runSubgraph({ name: 'departures', sdl: changed });
    const nullable = await runSubgraph({
      name: 'gates',
      sdl: terminals(topics.gates).replace('terminal: String!', 'terminal: String'),
    });
    await gateway.update(await composed({ departures: second, gates: nullable }));
    await settled();
    expect(await whole.error()).toMatchObject({
      message: expect.stringContaining('Field "Gate.terminal" was String! and is String.'),
      extensions: { code: 'SUBSCRIPTION_INVALIDATED' },
    });
    await gates.stop();
    const moved = part.results.length;
    await part.until(() => part.results.length > moved + 10);
    await writer.stop();
    await part.until(() => part.places.includes(writer.places.at(-1) ?? ''));
    expectWhole(part, writer.places);
    expect([whole.sockets, part.sockets]).toEqual([1, 1]);
  });
});

/** Resolves when the condition holds, asked again as soon as it answered. */
const answered = async (condition: () => Promise<boolean>): Promise<void> => {
  while (!(await condition()));
};
