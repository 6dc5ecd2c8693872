import { randomInt } from 'node:crypto';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { startGateway } from '../../../gateway/index.ts';
import { type Cursor, decodeCursor, encodeCursor } from '../../../schema/cursor/index.ts';
import { compose } from '../../../schema/index.ts';
import { runSubgraph } from '../../kit/subgraph/running.ts';
import { produce, uniqueTopic } from '../../support/kafka.ts';
import { RawClient } from '../support/raw-client.ts';

const sdl = (topic: string) => `
type Note @topic(name: "${topic}.notes", key: "id", cleanup: DELETE, partitions: 2) { id: ID! room: String! }
type Secret @topic(name: "${topic}.secrets", key: "id", cleanup: DELETE, partitions: 2) { id: ID! room: String! }
type Query { version: String }
type Subscription {
  notes(room: String, from: Cursor): Note! @consume
  secrets(from: Cursor): Secret! @consume
}`;

const records = (kind: string) =>
  Array.from({ length: 40 }, (_, index) => {
    const id = `${kind}-${index}`;
    return {
      key: id,
      value: JSON.stringify({ id, room: index % 2 === 0 ? 'a' : 'b' }),
      partition: index % 2,
    };
  });

const notes = 'subscription { notes(room: "a") { id room } }';

/** A gateway in front of a subgraph on Kafka that has notes, and secrets beside them. */
const start = async () => {
  const topic = uniqueTopic('hostile');
  const text = sdl(topic);
  const { url } = await runSubgraph({ sdl: text, resolvers: { Query: { version: () => '1' } } });
  const sources = [{ file: 'hostile.graphql', text }];
  const { supergraphSdl } = compose([{ name: 'hostile', url, sources }]);
  const limits = { aheadMs: 200 };
  const gateway = await startGateway({ port: 0, supergraphSdl, limits, log: pino({ level: 'silent' }) });
  onTestFinished(() => gateway.stop());
  await produce(`${topic}.notes`, records('note'));
  await produce(`${topic}.secrets`, records('secret'));
  const client = async (query: string, cursor: string | null): Promise<RawClient> => {
    const connected = await new RawClient(gateway.url.replace('http', 'ws')).initialised();
    onTestFinished(() => connected.websocket.terminate());
    const extensions = cursor === null ? {} : { extensions: { tributary: { cursor } } };
    connected.send({ type: 'subscribe', id: '1', payload: { query, ...extensions } });
    return connected;
  };
  const cursorOf = async (query: string): Promise<Cursor> => {
    const { payload } = await (await client(query, null)).message(({ type }) => type === 'ping');
    return decodeCursor((payload as { cursors: Record<string, string> }).cursors['1'] ?? '');
  };
  return { topic, gateway, client, cursorOf };
};

const idsOf = (client: RawClient): string[] =>
  client.messages
    .filter(({ type }) => type === 'next')
    .map(({ payload }) => (payload as { data: { notes: { id: string } } }).data.notes.id);

/** `error` codes of the operation, or what the socket was closed with. */
const endOf = async (client: RawClient): Promise<string> => {
  await client.changed.until(
    () => client.closed !== null || client.messages.some(({ type }) => type === 'error'),
  );
  const error = client.messages.find(({ type }) => type === 'error');
  const [first] = (error?.payload ?? []) as { extensions: { code: string } }[];
  return first?.extensions.code ?? `${client.closed?.code} ${client.closed?.reason}`;
};

test('S9 a cursor of another subscription opens nothing: its topic is another one', async () => {
  const { client, cursorOf } = await start();
  const secret = await cursorOf('subscription { secrets { id } }');
  const reader = await client(notes, encodeCursor({ ...secret, position: [0, 0] }));
  expect(await endOf(reader)).toBe('CURSOR_EXPIRED');
  expect(idsOf(reader)).toEqual([]);
});

test('S9 a cursor of another filter gives what this filter may see, from its position', async () => {
  const { client, cursorOf } = await start();
  const wide = await cursorOf('subscription { notes { id } }');
  const reader = await client(notes, encodeCursor({ ...wide, position: [10, 20] }));
  await reader.changed.until(() => idsOf(reader).length === 10);
  expect(idsOf(reader)).toEqual(Array.from({ length: 10 }, (_, index) => `note-${20 + 2 * index}`));
});

test('S9 forged positions end by typed errors, cost little, and disturb nobody', async () => {
  const { client, cursorOf, gateway, topic } = await start();
  const at = await cursorOf(notes);
  const healthy = await client(notes, encodeCursor({ ...at, position: [0, 0] }));
  await healthy.changed.until(() => idsOf(healthy).length === 20);
  const far = Number.MAX_SAFE_INTEGER;
  const garbage = Array.from({ length: 50 }, () =>
    Buffer.from(Array.from({ length: randomInt(200) }, () => randomInt(256))).toString('base64url'),
  );
  const forged: [string, RegExp][] = [
    [encodeCursor({ ...at, position: [far, far] }), /^1013 NOT_YET/],
    [encodeCursor({ ...at, position: Array.from({ length: 10_000 }, () => 1) }), /^1013 NOT_YET/],
    [encodeCursor({ ...at, position: Array.from({ length: 10_000 }, () => 0) }), /^1013 NOT_YET/],
    [encodeCursor({ ...at, topicId: 'made up' }), /^CURSOR_EXPIRED$/],
    [encodeCursor({ ...at, clusterId: 'made up' }), /^CURSOR_EXPIRED$/],
    ['', /^CURSOR_INVALID$/],
    ['x'.repeat(60_000), /^CURSOR_INVALID$/],
    ...garbage.map((text): [string, RegExp] => [text, /^CURSOR_INVALID$/]),
  ];
  const ends = await Promise.all(
    forged.map(async ([cursor, expected]) => ({ end: await endOf(await client(notes, cursor)), expected })),
  );
  for (const { end, expected } of ends) expect(end).toMatch(expected);
  await produce(`${topic}.notes`, [{ key: 'last', value: JSON.stringify({ id: 'last', room: 'a' }) }]);
  await healthy.changed.until(() => idsOf(healthy).at(-1) === 'last');
  expect(idsOf(healthy)).toHaveLength(21);
  expect(healthy.closed).toBeNull();
  expect(gateway.counters.catchUpsOpened).toBeLessThan(6);
}, 120_000);
