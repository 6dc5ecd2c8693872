import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { Signal } from './signal.ts';

export interface StreamRequest {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  /** Parameters of the URL, or the JSON of the body. */
  readonly operation?: Readonly<Record<string, unknown>>;
  /** Instead of the operation's JSON. */
  readonly body?: string;
}

/** A response read as raw text, that a test can stop reading. */
export class StreamReader {
  text = '';
  /** The body came to its end. */
  ended = false;
  /** The connection broke before. */
  broken = false;
  readonly changed = new Signal();
  readonly #request: ClientRequest;
  #response: IncomingMessage | null = null;

  constructor(url: string, { method = 'GET', headers = {}, operation = {}, body }: StreamRequest) {
    const target = new URL(url);
    if (method === 'GET') {
      for (const [name, value] of Object.entries(operation)) {
        target.searchParams.set(name, typeof value === 'string' ? value : JSON.stringify(value));
      }
    }
    const type = method === 'POST' ? { 'content-type': 'application/json' } : {};
    this.#request = request(target, { method, agent: false, headers: { ...type, ...headers } }, (response) =>
      this.#read(response),
    );
    this.#request.on('error', () => this.#break());
    this.#request.end(method === 'POST' ? (body ?? JSON.stringify(operation)) : undefined);
  }

  get response(): IncomingMessage {
    if (this.#response === null) throw new Error('no headers yet');
    return this.#response;
  }

  /** Resolves when the headers have come. */
  async headers(): Promise<IncomingMessage> {
    await this.changed.until(() => this.#response !== null || this.broken);
    return this.response;
  }

  /** Resolves when the text so far meets a condition; rejects when it can no more. */
  async until(condition: (text: string) => boolean): Promise<string> {
    await this.changed.until(() => condition(this.text) || this.ended || this.broken);
    if (!condition(this.text)) throw new Error(`ended: ${this.text.slice(-2_000)}`);
    return this.text;
  }

  /** Resolves with all that came when the response is over. */
  async end(): Promise<string> {
    await this.changed.until(() => this.ended || this.broken);
    return this.text;
  }

  close(): void {
    this.#request.destroy();
  }

  #read(response: IncomingMessage): void {
    this.#response = response;
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      this.text += text;
      this.changed.fire();
    });
    response.on('end', () => {
      this.ended = true;
      this.changed.fire();
    });
    response.on('error', () => this.#break());
    this.changed.fire();
  }

  #break(): void {
    this.broken = true;
    this.changed.fire();
  }
}
