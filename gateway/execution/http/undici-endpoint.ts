import { Pool } from 'undici';
import { subgraphError } from '../errors.ts';
import {
  credentialsOf,
  type Endpoint,
  type EndpointRequest,
  type EndpointSettings,
  ownHeaders,
} from './endpoint.ts';
import { UndiciExchange } from './undici-exchange.ts';

/** HTTP over TLS, by undici. */
export class UndiciEndpoint implements Endpoint {
  readonly #settings: EndpointSettings;
  readonly #pool: Pool;
  readonly #path: string;
  readonly #ownHeaders: Readonly<Record<string, string>>;
  /** Requests that are not answered yet: those on a connection, and those that wait for one. */
  #open = 0;

  constructor(url: URL, settings: EndpointSettings) {
    const { origin, pathname, search } = url;
    const { timeoutMs, connections } = settings;
    this.#settings = settings;
    this.#path = pathname + search;
    this.#ownHeaders = { ...ownHeaders, ...credentialsOf(url) };
    this.#pool = new Pool(origin, {
      connections,
      pipelining: 1,
      connectTimeout: timeoutMs,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
  }

  send({ name, headers, body }: EndpointRequest): UndiciExchange {
    const { timeoutMs, maximumResponseBytes, connections, maximumWaiting } = this.#settings;
    if (this.#open >= connections + maximumWaiting) {
      throw subgraphError('SUBGRAPH_UNAVAILABLE', name, 'has too many requests waiting for it.');
    }
    const exchange = new UndiciExchange({
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
      { path: this.#path, method: 'POST', headers: { ...headers, ...this.#ownHeaders }, body },
      exchange,
    );
    return exchange;
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}
