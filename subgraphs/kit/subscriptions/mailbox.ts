import { WakeUp } from './wake-up.ts';

/** Items that one producer leaves for one taker. Bounded: beyond it the taker is told once, with what was put before. */
export class Mailbox<Item> {
  readonly #bound: number;
  #items: Item[] = [];
  readonly #wakeUp = new WakeUp();
  #overrun = false;

  constructor(bound: number) {
    this.#bound = bound;
  }

  put(items: readonly Item[]): void {
    if (this.#overrun) return;
    if (this.#items.length + items.length > this.#bound) this.#overrun = true;
    else for (const item of items) this.#items.push(item);
    this.#wakeUp.call();
  }

  overrun(): void {
    this.#overrun = true;
    this.#wakeUp.call();
  }

  /** The taker has dealt with all that was put, and waits for more. */
  get isAwaited(): boolean {
    return this.#wakeUp.isAwaited && this.isEmpty && !this.#overrun;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** All that is there, waiting for the first; `'OVERRUN'` after the last item before it; null when aborted. */
  async take(signal: AbortSignal): Promise<readonly Item[] | 'OVERRUN' | null> {
    while (!signal.aborted) {
      if (this.#items.length > 0) {
        const taken = this.#items;
        this.#items = [];
        return taken;
      }
      if (this.#overrun) return 'OVERRUN';
      await this.#wakeUp.wait(signal);
    }
    return null;
  }
}
