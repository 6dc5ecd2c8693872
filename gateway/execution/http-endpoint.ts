import { Pool } from 'undici';
import { subgraphError } from './errors.ts';
import { HttpExchange } from './http-exchange.ts';

export interface EndpointSettings {
  readonly timeoutMs: number;
  readonly maximumResponseBytes: number;
  readonly connections: number;
  readonly maximumWaiting: number;
}

const ownHeaders = {
  'content-type': 'application/json',
  accept: 'application/graphql-response+json, application/json;q=0.9',
};

/** Where a subgraph is asked, with connections that are kept. */
export class Endpoint {
  readonly #settings: EndpointSettings;
  readonly #pool: Pool;
  readonly #path: string;
  /** Requests that are not answered yet: those on a connection, and those that wait for one. */
  #open = 0;

  constructor({ origin, pathname, search }: URL, settings: EndpointSettings) {
    const { timeoutMs, connections } = settings;
    this.#settings = settings;
    this.#path = pathname + search;
    this.#pool = new Pool(origin, {
      connections,
      pipelining: 1,
      connectTimeout: timeoutMs,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
  }

  /** Throws SUBGRAPH_UNAVAILABLE when too many wait. The exchange ends by itself after `timeoutMs`. */
  send(name: string, headers: Readonly<Record<string, string>> | undefined, body: string): HttpExchange {
    const { timeoutMs, maximumResponseBytes, connections, maximumWaiting } = this.#settings;
    if (this.#open >= connections + maximumWaiting) {
      throw subgraphError('SUBGRAPH_UNAVAILABLE', name, 'has too many requests waiting for it.');
    }
    const exchange = new HttpExchange({
      maximumBytes: maximumResponseBytes,
      tooLarge: () =>
        subgraphError('SUBGRAPH_FAILED', name, `answered with more than ${maximumResponseBytes} bytes.`),
    });
    const late = (): void =>
      exchange.end(subgraphError('SUBGRAPH_TIMEOUT', name, `did not answer within ${timeoutMs} ms.`));
    const timer = setTimeout(late, timeoutMs);
    const over = (): void => {
      clearTimeout(timer);
      this.#open -= 1;
    };
    this.#open += 1;
    exchange.answer.then(over, over);
    this.#pool.dispatch(
      { path: this.#path, method: 'POST', headers: { ...headers, ...ownHeaders }, body },
      exchange,
    );
    return exchange;
  }

  /** Ends idle connections and rejects what is under way. */
  close(): Promise<void> {
    return this.#pool.destroy();
  }
}
