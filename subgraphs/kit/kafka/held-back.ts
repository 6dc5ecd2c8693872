import { nextOffset } from '../../../schema/position.ts';

/** What a transaction that is open holds back from everybody who reads committed records, where it has lasted longest. */
export interface HeldBack {
  readonly partition: number;
  /** Last stable offset: where the transaction began, and reading ends. */
  readonly from: number;
  /** High watermark minus last stable offset. */
  readonly records: number;
  /** For how long the last stable offset has not moved. */
  readonly seconds: number;
}

/** Watches how far the last stable offset of each partition is behind the high watermark, and for how long. */
export class StableOffsets {
  readonly #highWatermarks: (number | undefined)[] = [];
  readonly #lastStable: number[] = [];
  readonly #since: number[] = [];

  observe(partition: number, highWatermark: number, lastStable: number, now: number): void {
    const isHeld = highWatermark > lastStable;
    const wasHeld = (this.#highWatermarks[partition] ?? 0) > nextOffset(this.#lastStable, partition);
    if (isHeld && !(wasHeld && this.#lastStable[partition] === lastStable)) this.#since[partition] = now;
    this.#highWatermarks[partition] = highWatermark;
    this.#lastStable[partition] = lastStable;
  }

  /** Null where nothing is held back. */
  worst(now: number): HeldBack | null {
    let worst: HeldBack | null = null;
    for (const [partition, highWatermark] of this.#highWatermarks.entries()) {
      const from = nextOffset(this.#lastStable, partition);
      const records = (highWatermark ?? 0) - from;
      const seconds = (now - (this.#since[partition] ?? now)) / 1_000;
      // One that hangs must not be hidden by others that are short and hold more.
      if (records > 0 && (worst === null || seconds > worst.seconds)) {
        worst = { partition, from, records, seconds };
      }
    }
    return worst;
  }
}
