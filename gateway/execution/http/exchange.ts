import type { Shareable } from '../in-flight.ts';
import type { HttpAnswer } from './answer-reader.ts';
import type { EndpointRequest } from './endpoint.ts';

/** What the wire gets. */
export interface RequestBytes {
  /** With the empty line at its end; Latin-1. */
  readonly head: string;
  /** Of the body as UTF-8. */
  readonly bodyBytes: number;
}

/** A request on its way, and its answer. */
export class Exchange implements Shareable<HttpAnswer> {
  readonly request: EndpointRequest;
  readonly bytes: RequestBytes;
  /** As `performance.now()`. */
  readonly deadline: number;
  readonly answer: Promise<HttpAnswer>;
  /** The connection that it is on. */
  carrier: { destroy(): void } | null = null;
  /** It was sent a second time. */
  repeated = false;
  readonly #resolve: (answer: HttpAnswer) => void;
  readonly #reject: (reason: Error) => void;
  readonly #over: (exchange: Exchange) => void;
  #settled = false;

  /** `over` is called once, as soon as it has an answer or none to come. */
  constructor(
    request: EndpointRequest,
    bytes: RequestBytes,
    deadline: number,
    over: (exchange: Exchange) => void,
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
    this.request = request;
    this.bytes = bytes;
    this.deadline = deadline;
    this.answer = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#over = over;
  }

  get settled(): boolean {
    return this.#settled;
  }

  settle(answer: HttpAnswer): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#resolve(answer);
    this.#over(this);
  }

  /** Gives it up. A connection that it is on cannot be used for anything else. */
  end(reason: Error): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#reject(reason);
    this.#over(this);
    this.carrier?.destroy();
  }
}
