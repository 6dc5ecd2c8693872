import { describe, expect, test } from 'vitest';
import { TributaryError } from '../../../schema/errors.ts';
import type { SubgraphContext } from '../../../subgraphs/kit/index.ts';
import { createTopic, produce, uniqueTopic } from '../../support/kafka.ts';
import { follow, post, runSubgraph, temporaryDirectory, tributaryOf } from './running.ts';

const gates = (topic: string, events: string) => `
type Gate @key(fields: "id") @topic(name: "${topic}", key: "id", cleanup: COMPACT, partitions: 3) {
  id: ID!
  terminal: String! @index
  open: Boolean
  capacity: Int
  updatedAt: DateTime! @record(part: TIMESTAMP)
}
type GateConnection { nodes: [Gate!]! edges: [GateEdge!]! pageInfo: PageInfo! }
type GateEdge { cursor: String! node: Gate! }
type GateChange @change(of: "Gate") { kind: ChangeKind! key: ID gate: Gate }
type GateEvent @topic(name: "${events}", key: "gate", cleanup: DELETE, partitions: 3) {
  gate: Gate
  what: String!
  offset: String! @record(part: OFFSET)
}
type Query {
  gate(id: ID!): Gate @view
  gates(terminal: String, first: Int = 2, after: String): GateConnection! @view(orderBy: ["id"])
}
type Subscription {
  gateChanges(terminal: String, from: Cursor): GateChange! @consume(snapshot: true)
  gateEvents(gate: ID, from: Cursor): GateEvent! @consume
}
type Mutation {
  addGate(id: ID!, terminal: String!, open: Boolean, capacity: Int): Gate! @produce
  openGate(id: ID!): Gate! @produce
}`;

const resolvers = {
  Mutation: {
    openGate: (_parent: unknown, { id }: { id: string }, context: SubgraphContext) =>
      context.update(
        'Gate',
        id,
        (row) => ({ ...row, open: true }),
        () => [{ type: 'GateEvent', row: { gate: id, what: 'opened' } }],
      ),
  },
};

const setup = () => {
  const topic = uniqueTopic('gates');
  const events = uniqueTopic('gate-events');
  return { topic, events, sdl: gates(topic, events) };
};
const gate = (id: string, terminal: string, more: object = {}) => ({
  key: id,
  value: JSON.stringify({ id, terminal, ...more }),
});
const changes =
  'subscription($t: String, $from: Cursor) { gateChanges(terminal: $t, from: $from) { kind key gate { id terminal open } } }';

describe('a subgraph from SDL alone', () => {
  test('queries answer from the view, by key and by pages', async () => {
    const { topic, sdl } = setup();
    const { url } = await runSubgraph({ sdl, resolvers });
    const live = follow(url, changes);
    await live.until(2);
    await produce(topic, [
      gate('a1', 'A', { capacity: 10 }),
      gate('a2', 'A'),
      gate('a3', 'A'),
      gate('b1', 'B'),
    ]);
    await live.until(6);
    const one = await post(
      url,
      '{ gate(id: "a1") { id terminal capacity open } missing: gate(id: "zz") { id } }',
    );
    expect(one).toEqual({
      data: { gate: { id: 'a1', terminal: 'A', capacity: 10, open: null }, missing: null },
    });
    const pages =
      'query($after: String) { gates(terminal: "A", after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }';
    const first = await post(url, pages);
    expect(first.data).toMatchObject({
      gates: { nodes: [{ id: 'a1' }, { id: 'a2' }], pageInfo: { hasNextPage: true } },
    });
    const { endCursor } = (first.data as { gates: { pageInfo: { endCursor: string } } }).gates.pageInfo;
    const second = await post(url, pages, { after: endCursor });
    expect(second.data).toMatchObject({ gates: { nodes: [{ id: 'a3' }], pageInfo: { hasNextPage: false } } });
  });

  test('S2 S3 a change stream: snapshot, then what enters, stays and leaves', async () => {
    const { topic, sdl } = setup();
    const { url } = await runSubgraph({ sdl, resolvers });
    await produce(topic, [gate('a1', 'A'), gate('b1', 'B')]);
    const rows = async () => (await post(url, '{ a: gate(id: "a1") { id } b: gate(id: "b1") { id } }')).data;
    await expect.poll(rows).toEqual({ a: { id: 'a1' }, b: { id: 'b1' } });
    const live = follow(url, changes, { variables: { t: 'A' } });
    const kinds = () =>
      live.results.map(
        ({ data }) => (data as { gateChanges: { kind: string; key: string | null } }).gateChanges,
      );
    await live.until(3);
    await produce(topic, [gate('b1', 'A')]);
    await live.until(4);
    await produce(topic, [gate('a1', 'B')]);
    await live.until(5);
    await produce(topic, [{ key: 'b1', value: null }]);
    await live.until(6);
    expect(
      kinds()
        .filter(({ key }) => key !== null)
        .slice(1)
        .map(({ kind, key }) => [kind, key]),
    ).toEqual([
      ['UPSERT', 'b1'],
      ['DELETE', 'a1'],
      ['DELETE', 'b1'],
    ]);
  });

  test('S6 S7 every event has its place and a cursor, and the stream goes on from it', async () => {
    const { events, sdl } = setup();
    const { url } = await runSubgraph({ sdl, resolvers });
    const query = 'subscription($from: Cursor) { gateEvents(from: $from) { what offset } }';
    const live = follow(url, query);
    await expect.poll(() => live.pings.length).toBe(1);
    await produce(
      events,
      [0, 1, 2].map((n) => ({ key: 'g', value: JSON.stringify({ gate: 'g', what: `w${n}` }) })),
    );
    const results = await live.until(3);
    const places = results.map((result) => tributaryOf(result).at?.[1]);
    expect(places).toEqual([0, 1, 2]);
    const { cursor } = tributaryOf(results[0]);
    const byPayload = follow(url, query, { extensions: { tributary: { cursor } } });
    const byArgument = follow(url, query, { variables: { from: cursor } });
    const earliest = follow(url, query, { variables: { from: 'EARLIEST' } });
    const whats = async (follower: typeof live, count: number) =>
      (await follower.until(count)).map(
        ({ data }) => (data as { gateEvents: { what: string } }).gateEvents.what,
      );
    expect(await whats(byPayload, 2)).toEqual(['w1', 'w2']);
    expect(await whats(byArgument, 2)).toEqual(['w1', 'w2']);
    expect(await whats(earliest, 3)).toEqual(['w0', 'w1', 'w2']);
  });

  test('S24 a mutation answers with the record as written and its position; a query may wait for it', async () => {
    const { sdl } = setup();
    const { url } = await runSubgraph({ sdl, resolvers });
    const added = await post(
      url,
      'mutation { addGate(id: "c1", terminal: "C") { id terminal open updatedAt } }',
    );
    expect(added.data).toMatchObject({ addGate: { id: 'c1', terminal: 'C', open: null } });
    const { position } = tributaryOf(added);
    expect(Object.values(position)).toEqual([[[expect.any(Number), 0]]]);
    const read = await post(url, '{ gate(id: "c1") { terminal } }', {}, { tributary: { after: position } });
    expect(read.data).toEqual({ gate: { terminal: 'C' } });
  });

  test('S25 read-modify-write of one key: each sees what the one before it wrote', async () => {
    const { sdl } = setup();
    const counting = {
      Mutation: {
        openGate: (_parent: unknown, { id }: { id: string }, context: SubgraphContext) =>
          context.update('Gate', id, (row) => ({ ...row, capacity: Number(row.capacity) + 1 })),
      },
    };
    const { url } = await runSubgraph({ sdl, resolvers: counting });
    const added = await post(url, 'mutation { addGate(id: "c1", terminal: "C", capacity: 0) { id } }');
    const after = tributaryOf(added).position;
    await post(url, '{ gate(id: "c1") { id } }', {}, { tributary: { after } });
    const results = await Promise.all(
      Array.from({ length: 20 }, () => post(url, 'mutation { openGate(id: "c1") { capacity } }')),
    );
    const counts = results.map(({ data }) => (data as { openGate: { capacity: number } }).openGate.capacity);
    expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    const unknown = await post(url, 'mutation { openGate(id: "nobody") { id } }');
    expect(unknown.errors?.[0]).toMatchObject({
      message: 'There is no Gate with the key "nobody".',
      extensions: { code: 'NOT_FOUND' },
    });
  });

  test('entities are resolved from the view in one read, unknown ones as null', async () => {
    const { sdl, topic } = setup();
    const { url } = await runSubgraph({ sdl, resolvers });
    const live = follow(url, changes);
    await live.until(2);
    await produce(topic, [gate('a1', 'A'), gate('b1', 'B')]);
    await live.until(4);
    const query = 'query($r: [_Any!]!) { _entities(representations: $r) { ... on Gate { terminal } } }';
    const representations = ['b1', 'zz', 'a1'].map((id) => ({ __typename: 'Gate', id }));
    expect(await post(url, query, { r: representations })).toEqual({
      data: { _entities: [{ terminal: 'B' }, null, { terminal: 'A' }] },
    });
  });

  test('S26 a restart goes on from the stored position and reads nothing again', async () => {
    const { sdl, topic } = setup();
    const directory = await temporaryDirectory();
    const first = await runSubgraph({ sdl, resolvers, directory });
    const live = follow(first.url, changes);
    await live.until(2);
    await produce(
      topic,
      Array.from({ length: 50 }, (_, n) => gate(`g${n}`, 'A')),
    );
    await live.until(52);
    await live.client.dispose();
    await first.stop();
    const second = await runSubgraph({ sdl, resolvers, directory });
    const health = (await (await fetch(second.url.replace('/graphql', '/health/ready'))).json()) as {
      topics: { topic: string; records: number; position: number[] }[];
    };
    const state = health.topics.find((each) => each.topic === topic);
    expect(state?.records).toBe(0);
    expect(state?.position.reduce((sum, next) => sum + next, 0)).toBe(50);
    expect((await post(second.url, '{ gate(id: "g49") { id } }')).data).toEqual({ gate: { id: 'g49' } });
  });
});

describe('bad input', () => {
  test('S23 what does not decode goes to the dead letters; the row says so, the rest goes on', async () => {
    const { sdl, topic } = setup();
    const { url } = await runSubgraph({ sdl, resolvers });
    const live = follow(url, changes);
    await live.until(2);
    await produce(topic, [
      gate('a1', 'A'),
      { key: 'a1', value: '{not json' },
      gate('a2', 'A', { capacity: 'many' }),
    ]);
    const results = await live.until(5);
    const told = results.slice(2).find(({ errors }) => errors !== undefined);
    expect(told?.errors?.[0]?.extensions).toMatchObject({ code: 'RECORD_UNREADABLE' });
    const read = await post(url, '{ gate(id: "a1") { id } other: gate(id: "a2") { id capacity } }');
    expect(read.data).toEqual({ gate: null, other: { id: 'a2', capacity: null } });
    expect(read.errors?.[0]?.extensions).toMatchObject({ code: 'RECORD_UNREADABLE' });
  });

  test('a topic with fewer partitions or another cleanup than declared ends the start, with both named', async () => {
    const { sdl, topic, events } = setup();
    await createTopic(topic, { partitions: 1 });
    await createTopic(events, { partitions: 3, config: { 'cleanup.policy': 'delete' } });
    const failure = await runSubgraph({ sdl, resolvers }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TributaryError);
    expect(failure).toMatchObject({ code: 'TOPIC_MISMATCH' });
    expect(String(failure)).toContain(topic);
  });

  test('S29 browsers are refused by HTTP and by websocket', async () => {
    const { sdl } = setup();
    const { url } = await runSubgraph({ sdl, resolvers });
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'http://evil.example' },
      body: '{"query":"{ __typename }"}',
    });
    expect(response.status).toBe(403);
    const { WebSocket } = await import('ws');
    const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', {
      origin: 'http://evil.example',
    });
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    socket.on('unexpected-response', (_request, answer) => resolve(answer.statusCode));
    socket.on('error', () => undefined);
    expect(await promise).toBe(403);
  });
});
