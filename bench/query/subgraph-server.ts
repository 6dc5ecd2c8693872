/** A subgraph of the catalogue over HTTP, in a process of its own. It answers what it was asked before from memory. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveMethods } from '../processes/script.ts';
import { answerOf, type SubgraphQuery } from './answer.ts';

/** Different requests remembered; the variables of a workload rotate through fewer. */
const maximumRemembered = 10_000;
const remembered = new Map<string, Buffer>();
let delayMs = 0;

const answer = (body: string): Buffer => {
  const known = remembered.get(body);
  if (known !== undefined) return known;
  const fresh = Buffer.from(answerOf(JSON.parse(body) as SubgraphQuery));
  if (remembered.size < maximumRemembered) remembered.set(body, fresh);
  return fresh;
};

const respond = (response: ServerResponse, body: string): void => {
  const bytes = answer(body);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length }).end(bytes);
};

const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString();
    if (delayMs === 0) respond(response, body);
    else setTimeout(() => respond(response, body), delayMs);
  });
});
server.keepAliveTimeout = 600_000;

const methods = {
  /** Resolves with the port; 0 takes a free one. */
  listen: async ({ port }: { readonly port: number }) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  },
  /** Milliseconds before each answer. */
  setDelay: ({ ms }: { readonly ms: number }) => {
    delayMs = ms;
  },
};

export type SubgraphServerMethods = typeof methods;
serveMethods(methods);
