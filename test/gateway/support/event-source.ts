import { EventSource } from 'undici';
import { Signal } from './signal.ts';
import type { Received } from './subscription.ts';

/** undici's EventSource: written after the standard, without a line of ours for coming back. */
export class EventSourceClient {
  readonly received: Received[] = [];
  /** The id that stood with each event. */
  readonly ids: string[] = [];
  completed = 0;
  opened = 0;
  readonly changed = new Signal();
  readonly #source: EventSource;

  constructor(url: string, parameters: Readonly<Record<string, unknown>>) {
    const target = new URL(url);
    for (const [name, value] of Object.entries(parameters)) {
      target.searchParams.set(name, typeof value === 'string' ? value : JSON.stringify(value));
    }
    this.#source = new EventSource(target.href);
    this.#source.addEventListener('next', (event: Event) => {
      const { data, lastEventId } = event as MessageEvent;
      this.received.push(JSON.parse(data));
      this.ids.push(lastEventId);
      this.changed.fire();
    });
    this.#source.addEventListener('complete', () => {
      this.completed += 1;
      this.changed.fire();
    });
    this.#source.addEventListener('open', () => {
      this.opened += 1;
      this.changed.fire();
    });
    this.#source.addEventListener('error', () => this.changed.fire());
  }

  /** It gave up coming back. */
  get closed(): boolean {
    return this.#source.readyState === this.#source.CLOSED;
  }

  get events(): string[] {
    return this.received.map(({ data }) => data?.events?.id ?? '');
  }

  close(): void {
    this.#source.close();
  }
}
