import type { GraphQLFormattedError } from 'graphql';
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { anyOf, type ClientOptions, type FaultClient, retryMs, silenceMs } from './client.ts';

/** A stock graphql-ws client; the payload that it sends again on each reconnect holds the last cursor. */
export class WebSocketClient implements FaultClient {
  readonly #options: ClientOptions;
  readonly #client: Client;
  readonly #tributary: { cursor?: string } = {};
  #socket: WebSocket | null = null;
  #address = '';
  #connected = 0;
  #silence: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(options: ClientOptions) {
    this.#options = options;
    const keep = (socket: WebSocket): void => {
      this.#socket = socket;
    };
    class Kept extends WebSocket {
      constructor(address: string, protocols: string[]) {
        super(address, protocols, { perMessageDeflate: false });
        keep(this);
      }
    }
    this.#client = createClient({
      url: () => {
        this.#address = anyOf(options.gateways);
        return this.#address.replace(/^http/, 'ws');
      },
      webSocketImpl: Kept,
      keepAlive: options.plan.patient ? 0 : silenceMs / 2,
      retryAttempts: Number.POSITIVE_INFINITY,
      shouldRetry: () => true,
      retryWait: () => new Promise((resolve) => setTimeout(resolve, retryMs())),
      on: {
        connected: () => {
          this.#connected += 1;
          options.log.connected(options.plan.declaration, this.#connected, this.#address);
          options.onConnected();
        },
        ping: (received, payload) => {
          if (!received) this.#awaitPong();
          const [cursor] = Object.values(
            (payload as { cursors?: Record<string, string> } | undefined)?.cursors ?? {},
          );
          if (received && cursor !== undefined) this.#moved(cursor);
        },
        pong: (received) => {
          if (received) clearTimeout(this.#silence);
        },
      },
    });
    this.#subscribe();
  }

  stopReading(ms: number): void {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return;
    socket.pause();
    setTimeout(() => socket.resume(), ms);
  }

  cut(): void {
    this.#socket?.terminate();
  }

  end(): void {
    this.#ended = true;
    void this.#client.dispose();
  }

  #subscribe(): void {
    const { plan, log } = this.#options;
    const { query, variables, declaration } = plan;
    const payload = { query, variables, extensions: { tributary: this.#tributary } };
    this.#client.subscribe(payload, {
      next: (result) => {
        const cursor = log.delivered(declaration, result);
        if (cursor !== null) this.#moved(cursor);
      },
      error: (error) => {
        if (this.#ended) return;
        if (log.failed(declaration, errorsOf(error))) setTimeout(() => this.#again(), retryMs());
      },
      complete: () => {
        if (!this.#ended) log.failed(declaration, [{ message: 'completed' }]);
      },
    });
  }

  /** As graphql-ws' documentation has it for whoever does not trust a socket that is open. */
  #awaitPong(): void {
    clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#silence = setTimeout(() => socket?.terminate(), silenceMs / 2);
  }

  #again(): void {
    if (!this.#ended) this.#subscribe();
  }

  #moved(cursor: string): void {
    const isFirst = this.#tributary.cursor === undefined;
    this.#tributary.cursor = cursor;
    if (isFirst) this.#options.onStarted();
  }
}

/** GraphQL errors, or the close event after which graphql-ws does not come back by itself. */
const errorsOf = (error: unknown): readonly GraphQLFormattedError[] => {
  if (Array.isArray(error)) return error as GraphQLFormattedError[];
  const { code, reason } = error as { code?: number; reason?: string };
  const message = code === undefined ? String(error) : `closed with ${code} ${reason}`;
  return [{ message }];
};
