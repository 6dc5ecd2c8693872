import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below what Linux, macOS and Windows give to outgoing connections and to whoever listens on port 0: a port from there
 * may be taken by any connection before its listener starts, and again while that listener is away.
 */
const range = { from: 20_000, count: 12_000 } as const;
const attempts = 100;

/** A loopback port that was free a moment ago: whoever listens on it must still be ready for a race. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = range.from + Math.floor(Math.random() * range.count);
    if (await isFree(port)) return port;
  }
  throw new Error(`None of ${attempts} loopback ports from ${range.from} on is free.`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen({ port, host: '127.0.0.1' }), 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
