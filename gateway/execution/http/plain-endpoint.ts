import { subgraphError } from '../errors.ts';
import { Connection } from './connection.ts';
import { Deadlines } from './deadlines.ts';
import type { Endpoint, EndpointRequest, EndpointSettings } from './endpoint.ts';
import { Exchange } from './exchange.ts';
import { fixedHead, requestHead } from './request-head.ts';

/** Milliseconds between looks for connections that have been idle for too long. */
const sweepMs = 1_000;

/**
 * HTTP/1.1 without TLS. A client for all purposes is much of what a small fetch costs; this one knows POST of a text, and
 * reads answers with a length, in chunks, or up to the end of the connection.
 */
export class PlainEndpoint implements Endpoint {
  readonly #settings: EndpointSettings;
  readonly #host: string;
  readonly #port: number;
  readonly #fixedHead: string;
  readonly #connections = new Set<Connection>();
  /** The one used last is used next, so that those that are not needed are closed. */
  readonly #idle: Connection[] = [];
  readonly #waiting = new Set<Exchange>();
  readonly #deadlines: Deadlines;
  readonly #over = (exchange: Exchange): void => {
    this.#deadlines.delete(exchange);
    if (exchange.carrier === null) this.#waiting.delete(exchange);
  };
  #sweep: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(url: URL, settings: EndpointSettings) {
    const { hostname, port } = url;
    const { timeoutMs } = settings;
    this.#settings = settings;
    this.#host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
    this.#port = port === '' ? 80 : Number(port);
    this.#fixedHead = fixedHead(url);
    this.#deadlines = new Deadlines(({ request: { name } }) =>
      subgraphError('SUBGRAPH_TIMEOUT', name, `did not answer within ${timeoutMs} ms.`),
    );
  }

  send(request: EndpointRequest): Exchange {
    const { timeoutMs, connections, maximumWaiting } = this.#settings;
    if (this.#deadlines.open.size >= connections + maximumWaiting) {
      throw subgraphError('SUBGRAPH_UNAVAILABLE', request.name, 'has too many requests waiting for it.');
    }
    if (this.#closed) throw new Error('The endpoint is closed.');
    const bodyBytes = Buffer.byteLength(request.body);
    const head = requestHead(this.#fixedHead, request.headers, bodyBytes);
    const now = performance.now();
    const exchange = new Exchange(request, { head, bodyBytes }, now + timeoutMs, this.#over);
    this.#deadlines.add(exchange);
    this.#carry(exchange, now);
    return exchange;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#deadlines.stop();
    for (const exchange of this.#deadlines.open) exchange.end(new Error('The endpoint was closed.'));
    const gone = [...this.#connections].map((connection) => connection.closed);
    for (const connection of this.#connections) connection.destroy();
    await Promise.all(gone);
  }

  #carry(exchange: Exchange, now: number): void {
    const idle = this.#takeIdle(now);
    if (idle !== null) idle.send(exchange);
    else if (this.#connections.size < this.#settings.connections) this.#connect().send(exchange);
    else this.#waiting.add(exchange);
  }

  #takeIdle(now: number): Connection | null {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined) return null;
      if (connection.idleUntil > now) return connection;
      connection.destroy();
    }
  }

  #connect(): Connection {
    const connection = new Connection({
      host: this.#host,
      port: this.#port,
      maximumResponseBytes: this.#settings.maximumResponseBytes,
      onIdle: (idle) => this.#onIdle(idle),
      onClosed: (gone, again) => this.#onClosed(gone, again),
    });
    this.#connections.add(connection);
    this.#sweep ??= setInterval(() => this.#closeIdle(), sweepMs).unref();
    return connection;
  }

  #onIdle(connection: Connection): void {
    const next = this.#nextWaiting();
    if (next === null) this.#idle.push(connection);
    else connection.send(next);
  }

  #onClosed(connection: Connection, again: Exchange | null): void {
    this.#connections.delete(connection);
    const place = this.#idle.indexOf(connection);
    if (place !== -1) this.#idle.splice(place, 1);
    const next = again === null ? this.#nextWaiting() : null;
    // Others that are idle may be as dead as the one that it was on.
    if (again !== null) this.#connect().send(again);
    else if (next !== null) this.#carry(next, performance.now());
    if (this.#connections.size > 0 || this.#sweep === null) return;
    clearInterval(this.#sweep);
    this.#sweep = null;
  }

  #nextWaiting(): Exchange | null {
    const [next] = this.#waiting;
    if (next === undefined) return null;
    this.#waiting.delete(next);
    return next;
  }

  #closeIdle(): void {
    const now = performance.now();
    for (const connection of this.#idle) if (connection.idleUntil <= now) connection.destroy();
  }
}
