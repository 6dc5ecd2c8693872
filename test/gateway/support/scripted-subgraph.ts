import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { type ExecutionArgs, type ExecutionResult, execute, GraphQLError, graphql, parse } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { decodeCursor } from '../../../schema/cursor/decode.ts';
import { encodeCursor } from '../../../schema/cursor/encode.ts';
import { advanced, laterOf, nextOffset, type Position } from '../../../schema/position.ts';
import { Signal } from './signal.ts';

export const eventsSdl = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  scalar Cursor
  type Query { logged: Int! }
  type Subscription { events(topic: String, from: Cursor): Event! tick: Int! }
  type Event { id: ID! topic: String padding: String item: Item }
  type Item @key(fields: "id", resolvable: false) { id: ID! }
`;

interface LoggedEvent {
  readonly id: string;
  readonly partition: number;
  readonly topic: string | null;
  readonly padding: string;
  /** Order over all partitions, as a reader meets them. */
  readonly order: number;
}

/** A subscription as the subgraph got it. */
export interface Received {
  readonly query: string;
  readonly variables: Record<string, unknown>;
  readonly tributary: { cursor?: string; until?: string; live?: boolean };
  live: boolean;
}

export interface ScriptOptions {
  /** Speak docs/protocol.md; default true. */
  readonly cursors?: boolean;
  readonly partitions?: number;
}

/**
 * A subgraph on stock graphql-ws whose log a test writes. It speaks docs/protocol.md, or nothing of it; its log stands in
 * for no Kafka: what is tested with it is the gateway.
 */
export class ScriptedSubgraph {
  readonly received: Received[] = [];
  readonly changed = new Signal();
  clusterId = 'scripted';
  topicId = 'events';
  /** Errors that the next subscriptions are answered with, in order. */
  readonly refusals: GraphQLError[] = [];
  /** How far the replica that answers live subscriptions has read; null: all. */
  visible: Position | null = null;
  /** Who has no cursor is due a snapshot: here, all events. */
  snapshots = false;
  /** Waited for before a private catch-up sends its first event. */
  gate: Promise<void> = Promise.resolve();
  readonly #log: LoggedEvent[][];
  readonly #cursors: boolean;
  readonly #sockets = new Set<Socket>();
  readonly #pings = new Set<() => void>();
  #completions = new AbortController();
  #order = 0;
  #server: Server | null = null;
  #websockets: WebSocketServer | null = null;
  port = 0;

  constructor({ cursors = true, partitions = 2 }: ScriptOptions = {}) {
    this.#cursors = cursors;
    this.#log = Array.from({ length: partitions }, () => []);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/graphql`;
  }

  /** Subscriptions that are live now. */
  get live(): number {
    return this.received.filter(({ live }) => live).length;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  get end(): Position {
    return this.#log.map((events) => events.length);
  }

  cursorAt(position: Position, filterHash = 7): string {
    const { clusterId, topicId } = this;
    const epochs: number[] = [];
    return encodeCursor({ clusterId, topicId, position, epochs, time: 1, filterHash, snapshotUntil: null });
  }

  /** Ids of all events from a position on, partition by partition. */
  idsFrom(position: Position): string[] {
    return this.#log.flatMap((events, partition) =>
      events.slice(nextOffset(position, partition)).map(({ id }) => id),
    );
  }

  /** Appends an event and returns its id. */
  produce(partition = 0, event: { topic?: string; padding?: string } = {}): string {
    const events = this.#log[partition]!;
    const id = `${partition}-${events.length}`;
    const { topic = null, padding = '' } = event;
    events.push({ id, partition, topic, padding, order: this.#order++ });
    this.changed.fire();
    return id;
  }

  async start(): Promise<this> {
    const schema = buildSubgraphSchema([
      {
        typeDefs: parse(eventsSdl),
        resolvers: { Query: { logged: () => this.#order } },
      },
    ]);
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { query, variables } = JSON.parse(Buffer.concat(chunks).toString() || '{}');
      const result = await graphql({ schema, source: query, variableValues: variables });
      response.setHeader('content-type', 'application/json').end(JSON.stringify(result));
    });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        this.changed.fire();
      });
    });
    const websockets = new WebSocketServer({ server, path: '/graphql' });
    useServer(
      {
        onConnect: () => (this.#cursors ? { tributary: { version: 1 } } : true),
        onSubscribe: (context, id, payload) => {
          const refusal = this.refusals.shift();
          if (refusal !== undefined) return [refusal];
          const received: Received = {
            query: payload.query,
            variables: payload.variables ?? {},
            tributary: (payload.extensions?.tributary ?? {}) as Received['tributary'],
            live: true,
          };
          this.received.push(received);
          this.changed.fire();
          return {
            schema,
            document: parse(payload.query),
            variableValues: payload.variables ?? {},
            contextValue: { id, received, socket: (context.extra as { socket: WebSocket }).socket },
          } as ExecutionArgs;
        },
        subscribe: (args) => this.#stream(args as ExecutionArgs),
        onComplete: () => this.changed.fire(),
      },
      websockets,
    );
    this.#server = server;
    this.#websockets = websockets;
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
    return this;
  }

  /** Completes all subscriptions, or ends them by an error. */
  complete(error?: GraphQLError): void {
    this.#completions.abort(error);
    this.#completions = new AbortController();
  }

  /** Tells every live subscription where it stands. */
  progress(): void {
    for (const ping of this.#pings) ping();
  }

  /** Dies as by kill -9: sockets are reset, the port is closed. */
  async kill(): Promise<void> {
    const closed = once(this.#server!, 'close');
    this.#server!.close();
    this.cut();
    this.#websockets?.close();
    await closed;
  }

  /** Hears and says nothing more on the connections that it has. */
  freeze(): void {
    for (const socket of this.#sockets) socket.pause();
  }

  /** Cuts all connections; the port stays open. */
  cut(): void {
    // Told first, the stock server does not complain of sockets that are gone.
    for (const websocket of this.#websockets?.clients ?? []) websocket.terminate();
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  #stream(args: ExecutionArgs): AsyncIterableIterator<ExecutionResult> {
    const context = args.contextValue as { id: string; received: Received; socket: WebSocket };
    const { received, socket } = context;
    const { tributary, variables } = received;
    const until = tributary.until === undefined ? null : decodeCursor(tributary.until).position;
    const fromStart = received.query.includes('"EARLIEST"') || (this.snapshots && tributary.live !== true);
    const from = fromStart ? this.#log.map(() => 0) : null;
    let position =
      tributary.cursor === undefined
        ? (from ?? this.visible ?? this.end)
        : decodeCursor(tributary.cursor).position;
    const ping = (): void => {
      if (!this.#cursors) return;
      const payload = {
        cursors: { [context.id]: this.cursorAt(position) },
        ...(this.snapshots && tributary.live === true ? { snapshots: [context.id] } : {}),
      };
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify({ type: 'ping', payload }));
    };
    const topic = variables.topic ?? null;
    const stop = new AbortController();
    socket.once('close', () => stop.abort());
    this.#completions.signal.addEventListener('abort', ({ target }) =>
      stop.abort((target as AbortSignal).reason),
    );
    this.#pings.add(ping);
    let begun = false;
    const next = async (): Promise<IteratorResult<ExecutionResult>> => {
      if (!begun) {
        begun = true;
        ping();
        if (until !== null) await this.gate;
      }
      while (!stop.signal.aborted) {
        const seen = this.changed.count;
        const bound = until ?? this.visible ?? this.end;
        const event = this.#nextEvent(position, bound);
        if (event === null && until !== null) {
          position = laterOf(position, until);
          ping();
          return finish();
        }
        if (event === null) {
          await this.changed.after(seen, stop.signal);
          continue;
        }
        position = advanced(position, event.partition, nextOffset(position, event.partition) + 1);
        if (topic !== null && event.topic !== topic) continue;
        return { done: false, value: await this.#result(args, event, position) };
      }
      finish();
      if (stop.signal.reason instanceof GraphQLError) throw stop.signal.reason;
      return { done: true, value: undefined };
    };
    const finish = (): IteratorResult<ExecutionResult> => {
      received.live = false;
      this.#pings.delete(ping);
      this.changed.fire();
      return { done: true, value: undefined };
    };
    return {
      next,
      return: async () => {
        stop.abort();
        return finish();
      },
      throw: async () => finish(),
      [Symbol.asyncIterator]() {
        return this;
      },
      [Symbol.asyncDispose]: async () => {
        finish();
      },
    } as AsyncIterableIterator<ExecutionResult>;
  }

  #nextEvent(position: Position, bound: Position): LoggedEvent | null {
    const candidates = this.#log.flatMap((events, partition) => {
      const offset = nextOffset(position, partition);
      const event = offset < nextOffset(bound, partition) ? events[offset] : undefined;
      return event === undefined ? [] : [event];
    });
    return candidates.sort((a, b) => a.order - b.order)[0] ?? null;
  }

  async #result(args: ExecutionArgs, event: LoggedEvent, position: Position): Promise<ExecutionResult> {
    const rootValue = {
      events: { ...event, item: { __typename: 'Item', id: event.id } },
      tick: event.order,
    };
    const result = await execute({ ...args, rootValue });
    if (!this.#cursors) return result;
    const at = [event.partition, nextOffset(position, event.partition) - 1];
    return { ...result, extensions: { tributary: { at, cursor: this.cursorAt(position) } } };
  }
}
