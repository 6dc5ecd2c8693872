import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PlainEndpoint } from '../../../../gateway/execution/http/plain-endpoint.ts';
import { answerPieces } from './answers.ts';
import { ask, ok } from './scripted-server.ts';

/** More than CI has time for: `TRIBUTARY_RANDOM_RUNS=20000`. */
const numRuns = Number(process.env.TRIBUTARY_RANDOM_RUNS ?? 300);
/** Others than those of CI: `TRIBUTARY_RANDOM_SEED=0` and so on. */
const seed = Number(process.env.TRIBUTARY_RANDOM_SEED ?? 9112);

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let server: Server;
const sockets = new Set<Socket>();
/** Called with each request's connection. */
let script: (socket: Socket) => void = () => undefined;
beforeAll(async () => {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', () => script(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

/** Of bytes behind a whole answer, which we do not use, nor their connection; Node may refuse the answer for them. */
const isAboutWhatIsBehind = /Expected HTTP\/|Data after/;

/** What Node takes: lines before the first, controls in it, other encodings than chunks, statuses that are none, other protocols. */
const weDoNotTake =
  /^[\r\n]|^HTTP[^\r\n]*[^\t\r\n\x20-\xff]|transfer-encoding:|^HTTP\/1.[01] [06-9]|HTTP\/1.1 101/im;
const textOf = (pieces: readonly Buffer[]): string => Buffer.concat(pieces).toString('latin1');

/** A client that carries one request at a time: the answer's status and body, or why there is none. */
interface Client {
  ask(): Promise<string>;
  close(): Promise<void>;
}

const ours = (): Client => {
  const { port } = server.address() as AddressInfo;
  const endpoint = new PlainEndpoint(new URL(`http://127.0.0.1:${port}/graphql`), {
    timeoutMs: 30_000,
    maximumResponseBytes: 10_000,
    connections: 1,
    maximumWaiting: 1,
  });
  return {
    ask: () =>
      endpoint.send(ask('{}')).answer.then(
        ({ status, bytes }) => `${status} ${bytes.toString('latin1')}`,
        (error: unknown) => `none: ${String(error)}`,
      ),
    close: () => endpoint.close(),
  };
};

const nodes = (): Client => {
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    ask: () =>
      new Promise((resolve) => {
        const none = (error: unknown): void => resolve(`none: ${String(error)}`);
        const sent = request({ host: '127.0.0.1', port, method: 'POST', agent }, (response) => {
          let text = `${response.statusCode} `;
          response.on('error', none);
          response.on('data', (bytes: Buffer) => {
            text += bytes.toString('latin1');
          });
          response.on('end', () => resolve(text));
        });
        sent.on('error', none);
        sent.on('upgrade', () => none('another protocol'));
        sent.end('{}');
      }),
    close: async () => agent.destroy(),
  };
};

/** What a client made of an answer that came in these pieces, and whether what it asks next gets its own. */
const outcome = async (
  client: Client,
  pieces: readonly Buffer[],
): Promise<{ readonly first: string; readonly second: string }> => {
  const asked = Promise.withResolvers<Socket>();
  script = asked.resolve;
  let isSettled = false;
  const settled = client.ask().finally(() => {
    isSettled = true;
  });
  const socket = await asked.promise;
  for (const piece of pieces) {
    if (!socket.destroyed) socket.write(piece);
    await turn();
    await turn();
  }
  for (let quiet = 0; quiet < 3; quiet++) await turn();
  if (!isSettled) socket.end();
  const first = await settled;
  script = (next) => next.write(ok('second'));
  const second = await client.ask();
  await client.close();
  return { first, second };
};

test("what we take for an answer, Node's client takes for the same, and what is asked next gets its own", async () => {
  let same = 0;
  await fc.assert(
    fc.asyncProperty(answerPieces, async (pieces) => {
      const ourOutcome = await outcome(ours(), pieces);
      const itsOutcome = await outcome(nodes(), pieces);
      expect(ourOutcome.second).toBe('200 second');
      if (isAboutWhatIsBehind.test(itsOutcome.first)) return;
      if (ourOutcome.first.startsWith('none') && weDoNotTake.test(textOf(pieces))) return;
      if (ourOutcome.first.startsWith('none')) expect(itsOutcome.first).toMatch(/^none/);
      else expect(ourOutcome.first).toBe(itsOutcome.first);
      same += ourOutcome.first.startsWith('none') ? 0 : 1;
    }),
    { numRuns, seed },
  );
  expect(same).toBeGreaterThan(numRuns / 4);
}, 600_000);
