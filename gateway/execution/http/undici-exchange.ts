import type { Dispatcher } from 'undici';
import type { HttpAnswer } from './answer-reader.ts';

export interface ExchangeOptions {
  /** Bytes of the body; more rejects with what `tooLarge` makes. */
  readonly maximumBytes: number;
  readonly tooLarge: () => Error;
}

/**
 * One request and its answer, below undici's promises: its `request` makes a stream of each body and a controller for
 * each signal, which costs more than all the rest of a small fetch.
 */
export class UndiciExchange implements Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions;
  readonly #answered = Promise.withResolvers<HttpAnswer>();
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | null = null;
  #bytes = 0;
  #status = 0;
  #failure: Error | null = null;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** Rejects with what `end` was given, or with undici's error. */
  get answer(): Promise<HttpAnswer> {
    return this.#answered.promise;
  }

  /** Gives it up; a request that still waits for a connection is not sent. */
  end(reason: Error): void {
    if (this.#failure !== null) return;
    this.#failure = reason;
    this.#answered.reject(reason);
    this.#controller?.abort(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#failure === null) this.#controller = controller;
    else controller.abort(this.#failure);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > this.#options.maximumBytes) this.end(this.#options.tooLarge());
  }

  onResponseEnd(): void {
    const [first] = this.#chunks;
    const bytes =
      this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks, this.#bytes);
    this.#answered.resolve({ status: this.#status, bytes });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.end(error);
  }
}
