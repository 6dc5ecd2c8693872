import { setTimeout as delay } from 'node:timers/promises';

/** How events come. */
export interface Pace {
  readonly events: number;
  /** So many at once. */
  readonly together: number;
  /** Milliseconds from one lot to the next. */
  readonly everyMs: number;
}

/** Calls `send` at the times of a pace, with the number of events that are due; late ones are not bunched up. */
export const atTimes = async (
  { events, together, everyMs }: Pace,
  send: (count: number) => Promise<void>,
): Promise<void> => {
  for (let sent = 0; sent < events; sent += together) {
    const due = performance.now() + everyMs;
    await send(Math.min(together, events - sent));
    await delay(Math.max(0, due - performance.now()));
  }
};
