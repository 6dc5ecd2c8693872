import { pause } from './pause.ts';

/** A partition whose store is behind what this replica has handed out. */
export interface Refillable {
  /** What the store must reach: this replica's position in the stream, which goes on meanwhile. */
  readonly handedOut: number;
  /** Takes or keeps the lease, and tells where the store stands. */
  lease(): Promise<{ readonly held: boolean; readonly stored: number }>;
  /** Reads the topic again and applies it to the store. */
  fill(from: number, until: number, signal: AbortSignal): Promise<void>;
  /** The stream waits from here on, so that the store can catch up with it. */
  holdBack(): void;
  failed(error: unknown): void;
}

/** So few offsets are applied again in a fraction of a second: the stream waits for them. */
const holdBackAt = 2_000;
/** After so many rounds the topic is written about as fast as it is read: the stream waits all the same. */
const maximumRounds = 5;
/** How often a replica without the lease looks how far the one that has it is. */
const lookMs = 100;
const retryMs = { first: 100, most: 5_000 };

/**
 * Brings a store that lost records back to where the stream is. While much is missing the stream goes on beside it, so
 * the end moves; the last stretch is short, and the stream waits for it. One replica does it, the others look on and
 * take over when its lease runs out. Resolves true in the turn in which the store was seen to be there, false when the
 * signal aborts.
 */
export async function refill(partition: Refillable, signal: AbortSignal): Promise<boolean> {
  let rounds = 0;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const { held, stored } = await partition.lease();
      const missing = partition.handedOut - stored;
      if (missing <= 0) return true;
      if (missing <= holdBackAt || rounds >= maximumRounds) partition.holdBack();
      if (held) {
        await partition.fill(stored, partition.handedOut, signal);
        rounds++;
      } else {
        await pause(lookMs, signal);
      }
      failures = 0;
    } catch (error) {
      if (signal.aborted) return false;
      partition.failed(error);
      await pause(Math.min(retryMs.first * 2 ** failures++, retryMs.most), signal);
    }
  }
  return false;
}
