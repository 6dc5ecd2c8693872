import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { anyOf, type ClientOptions, type FaultClient, retryMs, silenceMs } from './client.ts';
import type { Result } from './log.ts';

/** What an EventSource does, but to any of the gateways: comes back with the last id that it saw. */
export class EventStreamClient implements FaultClient {
  readonly #options: ClientOptions;
  #lastEventId = '';
  #request: ClientRequest | null = null;
  #response: IncomingMessage | null = null;
  #text = '';
  #connected = 0;
  #started = false;
  #ended = false;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#connect();
  }

  stopReading(ms: number): void {
    const response = this.#response;
    response?.pause();
    setTimeout(() => response?.resume(), ms);
  }

  cut(): void {
    this.#request?.destroy();
  }

  end(): void {
    this.#ended = true;
    this.#request?.destroy();
  }

  #connect(): void {
    if (this.#ended) return;
    const { plan, gateways, log } = this.#options;
    const gateway = anyOf(gateways);
    const target = new URL(gateway);
    target.searchParams.set('query', plan.query);
    target.searchParams.set('variables', JSON.stringify(plan.variables));
    const resume = this.#lastEventId === '' ? {} : { 'last-event-id': this.#lastEventId };
    const asked = request(target, { agent: false, headers: { accept: 'text/event-stream', ...resume } });
    this.#request = asked;
    this.#text = '';
    asked.on('response', (response) => {
      if (response.statusCode !== 200) {
        asked.destroy();
        return;
      }
      this.#response = response;
      this.#connected += 1;
      log.connected(plan.declaration, this.#connected, gateway);
      this.#options.onConnected();
      response.setEncoding('utf8').on('data', (text: string) => this.#read(text));
      response.on('error', () => undefined);
    });
    if (!plan.patient) asked.setTimeout(silenceMs, () => asked.destroy());
    asked.on('error', () => undefined);
    asked.on('close', () => {
      this.#response = null;
      setTimeout(() => this.#connect(), retryMs());
    });
    asked.end();
  }

  /** Blocks end with an empty line; a last one that is not whole is not an event. */
  #read(text: string): void {
    const blocks = (this.#text + text).split('\n\n');
    this.#text = blocks.pop() ?? '';
    for (const block of blocks) this.#take(block);
  }

  #take(block: string): void {
    const fields = new Map(
      block.split('\n').map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
      }),
    );
    const { log, plan } = this.#options;
    const id = fields.get('id');
    if (id !== undefined) this.#lastEventId = id;
    if (fields.get('event') === 'complete') {
      this.end();
      log.failed(plan.declaration, [{ message: 'completed' }]);
      return;
    }
    const data = fields.get('data');
    if (data !== undefined && data !== '') this.#deliver(JSON.parse(data) as Result);
    if (id !== undefined && !this.#started) {
      this.#started = true;
      this.#options.onStarted();
    }
  }

  #deliver(result: Result): void {
    const { log, plan } = this.#options;
    if (result.data === undefined && result.errors !== undefined) log.failed(plan.declaration, result.errors);
    else log.delivered(plan.declaration, result);
  }
}
