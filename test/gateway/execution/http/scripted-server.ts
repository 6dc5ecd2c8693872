import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import type {
  Endpoint,
  EndpointRequest,
  EndpointSettings,
} from '../../../../gateway/execution/http/endpoint.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A server that says what a script says: one call for each read, told the number of the connection. */
export const serve = async (
  script: (socket: Socket, text: string, connection: number) => void,
  host = '127.0.0.1',
) => {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const number = connections++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => script(socket, data.toString(), number));
  });
  server.listen(0, host);
  await once(server, 'listening');
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://${host === '::1' ? '[::1]' : host}:${port}/graphql?v=1`),
    connections: () => connections,
  };
};

type EndpointClass = new (url: URL, settings: EndpointSettings) => Endpoint;

/** Closed behind the test. */
export const endpointOf = (
  kind: EndpointClass,
  url: URL,
  settings: Partial<EndpointSettings> = {},
): Endpoint => {
  const defaults = { timeoutMs: 10_000, maximumResponseBytes: 100_000, connections: 4, maximumWaiting: 100 };
  const endpoint = new kind(url, { ...defaults, ...settings });
  cleanups.push(() => endpoint.close());
  return endpoint;
};

export const ask = (body: string, repeatable = true, headers?: Record<string, string>): EndpointRequest => ({
  name: 'flights',
  headers,
  body,
  repeatable,
});
export const ok = (text: string, fields = ''): string =>
  `HTTP/1.1 200 OK\r\n${fields}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
