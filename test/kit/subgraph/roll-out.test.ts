import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { uniqueTopic } from '../../support/kafka.ts';
import { redisForTests, requireRedis } from '../../support/redis.ts';
import { follow, post, runSubgraph, temporaryDirectory, tributaryOf } from './running.ts';

const server = await redisForTests();

const first = (topic: string) => `
  type Gate @key(fields: "id") @topic(name: "${topic}", key: "id", cleanup: COMPACT, partitions: 2) {
    id: ID!
    terminal: String!
  }
  type GateChange @change(of: "Gate") { kind: ChangeKind! key: ID gate: Gate }
  type Query { gate(id: ID!): Gate @view }
  type Subscription { gateChanges(from: Cursor): GateChange! @consume(snapshot: true) }
  type Mutation { setGate(id: ID!, terminal: String!): Gate! @produce }`;

/** Another mapping and another index: rows of the first definition would lack the field, and no index finds them. */
const second = (topic: string) =>
  first(topic)
    .replace('terminal: String!\n', 'terminal: String! @index\n    open: Boolean\n')
    .replace(
      'type Query {',
      'type GateConnection { nodes: [Gate!]! pageInfo: PageInfo! }\n  type Query { gates(terminal: String, first: Int = 10, after: String): GateConnection! @view',
    )
    .replace('terminal: String!):', 'terminal: String!, open: Boolean):');

const set = 'mutation($id: ID!, $t: String!) { setGate(id: $id, terminal: $t) { id } }';
const read = 'query($id: ID!) { gate(id: $id) { terminal } }';

/** 0015: the process of the old definition serves until that of the new one is ready, in a view of its own. */
test.for(['S26 files', 'S27 Redis'])(
  'S26 S27 two versions of a subgraph side by side in a roll-out: %s',
  async (kind, context) => {
    const topic = uniqueTopic('gates');
    const directory = await temporaryDirectory();
    const store = kind.endsWith('Redis') ? { redis: requireRedis(server, context).url } : {};
    const old = await runSubgraph({ sdl: first(topic), directory, ...store });
    await post(old.url, set, { id: 'a', t: 'A' });
    const follower = follow(old.url, 'subscription { gateChanges { kind key } }');
    await follower.until(3);

    const next = await runSubgraph({ sdl: second(topic), directory, ...store });
    const inA = '{ gates(terminal: "A") { nodes { id open } } }';
    expect((await post(next.url, inA)).data).toEqual({ gates: { nodes: [{ id: 'a', open: null }] } });
    // What either writes, both answer, and the old one's streams go on.
    for (const [writer, reader] of [
      [old, next],
      [next, old],
    ] as const) {
      const written = await post(writer.url, set, { id: 'b', t: writer === old ? 'B' : 'C' });
      const after = tributaryOf(written).position;
      const answer = await post(reader.url, read, { id: 'b' }, { tributary: { after } });
      expect(answer.data).toEqual({ gate: { terminal: writer === old ? 'B' : 'C' } });
    }
    await follower.until(5);
    if (kind.endsWith('files')) {
      const files = readdirSync(join(directory, 'views', 'things')).filter((name) => name.endsWith('.db'));
      expect(files).toHaveLength(2);
    }
    await old.stop();
    expect((await post(next.url, read, { id: 'a' })).data).toEqual({ gate: { terminal: 'A' } });
  },
);
