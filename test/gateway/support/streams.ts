import { afterEach } from 'vitest';
import { EventSourceClient } from './event-source.ts';
import { eventually } from './signal.ts';
import { StreamReader, type StreamRequest } from './stream-reader.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { startWorld, type World, type WorldOptions } from './world.ts';

/** What a client of server-sent events asks for, where a test does not say other. */
export const query = 'subscription Live { events { id padding } }';

/** A world for each test of a file, and what is opened in it; all of that ends with the test. */
export class Streams {
  #world: World | null = null;
  readonly #closing: (() => unknown)[] = [];

  constructor() {
    afterEach(async () => {
      for (const close of this.#closing.splice(0)) await close();
      await this.#world?.stop();
      this.#world = null;
    });
  }

  get world(): World {
    if (this.#world === null) throw new Error('The test has not started its world.');
    return this.#world;
  }

  async start(options?: WorldOptions): Promise<void> {
    this.#world = await startWorld(options);
  }

  onEnd(close: () => unknown): void {
    this.#closing.push(close);
  }

  open(request: StreamRequest): StreamReader {
    const headers = { accept: 'text/event-stream', ...request.headers };
    const reader = new StreamReader(this.world.gateway.url, { operation: { query }, ...request, headers });
    this.onEnd(() => reader.close());
    return reader;
  }

  async through(): Promise<TcpProxy> {
    const proxy = await new TcpProxy(this.world.gateway.port).start();
    this.onEnd(() => proxy.stop());
    return proxy;
  }

  eventSource(url: string, parameters: Record<string, unknown> = { query }): EventSourceClient {
    const client = new EventSourceClient(url, parameters);
    this.onEnd(() => client.close());
    return client;
  }

  /** The subgraph has the operation, and the gateway knows where it stands. */
  isLive(): Promise<void> {
    return eventually(() => this.world.events.live === 1);
  }
}
