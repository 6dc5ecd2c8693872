const longestMs = 10_000;

/** An AbortSignal, in the types of whatever platform. */
export interface Ending {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * Resolves after the pause before the next attempt, or when the signal aborts: up to 1 s at the first, doubled at each, at
 * most 10 s. A fifth to the whole of it by chance, so that many clients do not come back at the same moment.
 */
export const backOff = (attempt: number, signal?: Ending): Promise<void> =>
  new Promise((resolve) => {
    const ceiling = Math.min(longestMs, 1_000 * 2 ** attempt);
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ceiling * (0.2 + Math.random() * 0.8));
    if (signal?.aborted) end();
    else signal?.addEventListener('abort', end);
  });
