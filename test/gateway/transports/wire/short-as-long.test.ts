import { once } from 'node:events';
import { connect } from 'node:net';
import { ApolloServer } from '@apollo/server';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startWorld, type World } from '../../support/world.ts';
import { documents, graphqlRequests } from './graphql-requests.ts';

/** More than CI has time for: `TRIBUTARY_RANDOM_RUNS=20000`. */
const numRuns = Number(process.env.TRIBUTARY_RANDOM_RUNS ?? 120);
/** Others than those of CI: `TRIBUTARY_RANDOM_SEED=0` and so on. */
const seed = Number(process.env.TRIBUTARY_RANDOM_SEED ?? 9112);

/** How far requests come before they may be taken for plain. */
let way: 'FRONT' | 'NODE' | 'LONG' = 'FRONT';
vi.mock(import('../../../../gateway/transports/query/head.ts'), async (original) => {
  const actual = await original();
  return { ...actual, readHead: (...given) => (way === 'LONG' ? null : actual.readHead(...given)) };
});
vi.mock(import('../../../../gateway/transports/query/wire-request.ts'), async (original) => {
  const actual = await original();
  return { readWireRequest: (bytes) => (way === 'FRONT' ? actual.readWireRequest(bytes) : null) };
});
const apollo = vi.spyOn(ApolloServer.prototype, 'executeHTTPGraphQLRequest');

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

/** One answer, byte for byte but for dates, ids and what is drawn. */
const ask = async (text: string, by: typeof way): Promise<string> => {
  way = by;
  const socket = connect(world.gateway.port, '127.0.0.1');
  socket.write(text, 'latin1');
  let answer = '';
  socket.on('data', (bytes) => {
    answer += bytes.toString('latin1');
    if (isWhole(answer, text.startsWith('HEAD'))) socket.destroy();
  });
  await once(socket, 'close');
  return answer
    .replace(/Date: .{29}/, 'Date: -')
    .replace(/[0-9a-f]\r\n:\nretry: \d+/, 'retry: -')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'an id');
};

const isWhole = (answer: string, headOnly: boolean): boolean => {
  const end = answer.indexOf('\r\n\r\n');
  if (end === -1) return false;
  if (headOnly || /^HTTP\/1.1 204/.test(answer)) return true;
  const length = /\r\ncontent-length: (\d+)/i.exec(answer.slice(0, end))?.[1];
  return length === undefined ? answer.endsWith('\r\n0\r\n\r\n') : answer.length === end + 4 + Number(length);
};

test('whatever is asked, it is answered alike before Node, behind Node, and by Apollo Server', async () => {
  for (const query of documents) {
    const body = Buffer.from(JSON.stringify({ query })).toString('latin1');
    await ask(
      `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      'LONG',
    );
  }
  let byShort = 0;
  await fc.assert(
    fc.asyncProperty(graphqlRequests, async (text) => {
      const long = await ask(text, 'LONG');
      const asked = apollo.mock.calls.length;
      expect(await ask(text, 'NODE')).toBe(long);
      expect(await ask(text, 'FRONT')).toBe(long);
      if (apollo.mock.calls.length === asked && long.startsWith('HTTP/1.1 200')) byShort += 1;
    }),
    { numRuns, seed },
  );
  expect(byShort).toBeGreaterThan(numRuns / 10);
}, 600_000);
