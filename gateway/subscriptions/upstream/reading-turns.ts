import { setImmediate } from 'node:timers';

/**
 * Bytes that a private upstream may bring in its turn. Node reads up to 2 MB of a socket at once, which is 100 ms of work
 * for each client that catches up, and every live event would wait for all of them.
 */
export const bytesInTurn = 64 * 1024;

const waiting = new Set<() => void>();

const letNext = (): void => {
  const [next] = waiting;
  if (next === undefined) return;
  waiting.delete(next);
  if (waiting.size > 0) setImmediate(letNext);
  next();
};

/** Calls `read` in a turn of the event loop that nobody else waits for. */
export const readInTurn = (read: () => void): void => {
  if (waiting.size === 0) setImmediate(letNext);
  waiting.add(read);
};

/** Takes back what was asked for by `readInTurn`. */
export const giveTurnUp = (read: () => void): void => {
  waiting.delete(read);
};
