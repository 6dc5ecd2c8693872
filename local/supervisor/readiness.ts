import { setTimeout as wait } from 'node:timers/promises';

export interface ReadinessOptions {
  /** Ends the wait: the promise then rejects with the reason of the signal. */
  readonly signal: AbortSignal;
  /** Milliseconds between two looks. Default 100. */
  readonly intervalMs?: number;
  /** Called once after `patienceMs` (default 20,000) without readiness, with what the last look brought. */
  readonly onSlow?: (lastAnswer: string) => void;
  readonly patienceMs?: number;
}

/** Resolves when `url` answers a GET with a 2xx status. Looks for ever: `signal` has the deadline. */
export const untilReady = async (url: string, options: ReadinessOptions): Promise<void> => {
  const patient = Date.now() + (options.patienceMs ?? 20_000);
  let told = false;
  for (;;) {
    options.signal.throwIfAborted();
    const answer = await look(url, options.signal);
    if (answer === null) return;
    if (!told && Date.now() >= patient) {
      told = true;
      options.onSlow?.(answer);
    }
    await wait(options.intervalMs ?? 100, undefined, { signal: options.signal });
  }
};

/** Null when ready; else what was seen. */
const look = async (url: string, signal: AbortSignal): Promise<string | null> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)]) });
    const body = (await response.text()).slice(0, 300);
    return response.ok ? null : `HTTP ${response.status} ${body}`.trim();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return cause instanceof Error ? cause.message : String(cause);
  }
};
