import type { Broker } from '@platformatic/kafka';
import type { FetchResponse } from './fetch-answer.ts';
import { FetchConnection } from './fetch-connection.ts';
import type { FetchRequest } from './fetch-request.ts';

/**
 * The fetches of one reader, each sent once: who calls decides what to try again. Errors inside an answer (`errorCode`)
 * are returned with it; a rejection means that there is no answer. Each node has a connection of its own, also where
 * several are behind one address: a broker answers what comes over one connection in turn, and holds fetches open.
 */
export class FetchWire {
  readonly #clientId: string;
  readonly #connections = new Map<number, FetchConnection>();
  #closed = false;

  constructor(options: { readonly clientId: string }) {
    this.#clientId = options.clientId;
  }

  fetch(node: number, broker: Broker, request: FetchRequest): Promise<FetchResponse> {
    if (this.#closed) return Promise.reject(closed());
    const known = this.#connections.get(node);
    const connection = known?.leadsTo(broker) === true ? known : this.#connect(node, broker);
    return connection.fetch(request);
  }

  /** Closes the sockets and rejects what is in flight. */
  close(): void {
    this.#closed = true;
    for (const connection of this.#connections.values()) connection.close(closed());
  }

  #connect(node: number, broker: Broker): FetchConnection {
    this.#connections.get(node)?.close(new Error('The broker has moved.'));
    const connection = new FetchConnection(broker, this.#clientId, () => {
      if (this.#connections.get(node) === connection) this.#connections.delete(node);
    });
    this.#connections.set(node, connection);
    return connection;
  }
}

const closed = (): Error => new Error('The connection was closed.');
