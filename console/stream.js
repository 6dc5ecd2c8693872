import { resumable } from '/client/index.js';

/** Results that are shown; older ones are dropped. */
const bound = 100;
/** Milliseconds between two pictures: a snapshot brings hundreds of results at once. */
const pause = 200;

const { createClient } = globalThis.graphqlWs;

/**
 * One subscription, over a socket of its own. GraphiQL shows one result at a time; what it gets here is the state of the
 * stream with the last results, the latest first. It comes back by itself with the cursor of what it had last, and so it
 * does when it is run again.
 */
export class Stream {
  #payload;
  #cursor;
  #state = 'Connecting';
  #results = [];
  #received = 0;
  #client = null;
  #sink = null;
  #timer = 0;

  /** @param payload query, variables, operationName */
  constructor(payload) {
    this.#payload = payload;
  }

  /** Runs until the answer, a function, is called. `headers` go with the connection, since sockets of browsers have none. */
  run(sink, headers) {
    this.stop();
    this.#sink = sink;
    const url = new URL('/graphql', location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const cursor = this.#cursor;
    this.#say(cursor === undefined ? 'Connecting' : 'Going on after the last event');
    const isCurrent = () => client === this.#client;
    const client = createClient(
      resumable(
        {
          url: url.href,
          connectionParams: headers,
          on: {
            connected: () => isCurrent() && this.#say('Live'),
            closed: () =>
              isCurrent() &&
              this.#say('Connection lost; connecting again, and going on after the last event'),
          },
        },
        {
          onCursor: (moved) => {
            this.#cursor = moved;
            if (isCurrent()) this.#say('Live');
          },
          onRetry: ([{ message }]) => isCurrent() && this.#say(`${message} Asking again`),
        },
      ),
    );
    this.#client = client;
    const payload = { ...this.#payload, extensions: { tributary: { cursor } } };
    client.subscribe(payload, {
      next: (result) => this.#take(result),
      error: (error) => this.#end({ errors: refusal(error) }),
      complete: () => isCurrent() && this.#say('The stream has ended'),
    });
    return () => this.stop();
  }

  stop() {
    const client = this.#client;
    [this.#client, this.#sink] = [null, null];
    clearTimeout(this.#timer);
    this.#timer = 0;
    client?.dispose();
  }

  #take(result) {
    this.#received += 1;
    this.#results.unshift(result);
    if (this.#results.length > bound) this.#results.pop();
    this.#draw();
  }

  #say(state) {
    this.#state = state;
    this.#draw();
  }

  #draw() {
    if (this.#timer !== 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#sink?.next({ stream: this.#state, received: this.#received, latest: this.#results });
    }, pause);
  }

  #end(result) {
    const sink = this.#sink;
    this.stop();
    sink?.next(result);
    sink?.complete();
  }
}

/** The errors of the operation, or why there is no connection. */
const refusal = (error) => {
  if (Array.isArray(error)) return error;
  if (error instanceof Error) return [{ message: error.message }];
  return [{ message: `Closed by the gateway: ${error?.code ?? ''} ${error?.reason ?? ''}`.trim() }];
};
