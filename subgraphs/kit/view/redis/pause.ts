import { setTimeout as delay } from 'node:timers/promises';

/** Resolves when the time is over or the signal aborts. */
export const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  delay(milliseconds, undefined, { signal }).catch(() => undefined);
