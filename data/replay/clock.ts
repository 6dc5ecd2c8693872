import { setTimeout as timer } from 'node:timers/promises';

/** The time of the week that is replayed: it starts at `start` and runs `speed` times as fast as ours. */
export class Clock {
  readonly #start: number;
  readonly #speed: number;
  /** Monotonic: a laptop that slept goes on where it was, and does not send a night at once. */
  readonly #begun = performance.now();

  /** `start` in milliseconds since 1970. With a speed of Infinity everything is due. */
  constructor(start: number, speed: number) {
    this.#start = start;
    this.#speed = speed;
  }

  /** Milliseconds of our time until then; 0 when it is past. */
  until(moment: number): number {
    return Math.max(0, (moment - this.#start) / this.#speed - (performance.now() - this.#begun));
  }
}

/** Resolves after so many milliseconds, or as soon as the signal is aborted. */
export const pause = async (milliseconds: number, signal: AbortSignal): Promise<void> => {
  try {
    await timer(milliseconds, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
};
