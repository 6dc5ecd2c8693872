import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EchoServers } from './echo-servers.ts';
import { connectionPieces } from './requests.ts';

/** More than CI has time for: `TRIBUTARY_RANDOM_RUNS=20000`. */
const numRuns = Number(process.env.TRIBUTARY_RANDOM_RUNS ?? 300);
/** Others than those of CI: `TRIBUTARY_RANDOM_SEED=0` and so on. */
const seed = Number(process.env.TRIBUTARY_RANDOM_SEED ?? 9112);

let servers: EchoServers;
beforeAll(async () => {
  servers = await new EchoServers().start();
});
afterAll(() => servers.stop());

const refusal = /^HTTP\/1\.1 4\d\d/m;

/**
 * What cannot be read ends a connection at once: how many of the requests before it were answered by then is chance, in Node
 * alone too. Those that were are the same, in their order.
 */
const isSameButForLost = (a: string, b: string, sent: string): boolean => {
  const refused = [a, b].filter((text) => refusal.test(text)).length;
  // What comes behind a request that is to be the last is refused, unless the connection has ended before.
  if (refused === 0 || (refused === 1 && !/connection:[^\r]*close|HTTP\/1\.0/i.test(sent))) return false;
  const [short, long] = [echoes(a), echoes(b)].toSorted((one, other) => one.length - other.length);
  return long?.startsWith(short ?? '') === true;
};

const echoes = (text: string): string => (text.match(/^\{"method".*\}$/gm) ?? []).join('\n');

test('whatever comes on a connection, in whatever pieces, is understood and answered as by Node alone', async () => {
  await fc.assert(
    fc.asyncProperty(connectionPieces, async (pieces) => {
      const { fronted, node } = await servers.both(pieces);
      if (
        fronted.closed === node.closed &&
        isSameButForLost(fronted.text, node.text, Buffer.concat(pieces).toString('latin1'))
      )
        return;
      expect(fronted).toEqual(node);
    }),
    { numRuns, seed },
  );
  expect(servers.plain).toBeGreaterThan(numRuns / 6);
}, 600_000);

test('a request cut at every byte', async () => {
  const text = 'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{"a":"\xc3\xbc"}';
  const bytes = Buffer.from(text + text, 'latin1');
  for (let at = 1; at < bytes.length; at++) {
    const { fronted, node } = await servers.both([bytes.subarray(0, at), bytes.subarray(at)]);
    expect(fronted).toEqual(node);
    expect(fronted.text.match(/\{\\"a\\":/g)).toHaveLength(2);
  }
});
