import { setImmediate } from 'node:timers';

/** Milliseconds between two at most: a few need not be spread over all of the time. */
const maximumPauseMs = 10;

/**
 * Does something with each of several things, one in a turn of the loop, spread evenly over `durationMs`, or over less when
 * there are few. What comes due late is done at once, so a busy loop does not make it longer. `over` is called at the end;
 * the returned function stops it before.
 */
export const paced = <T>(
  things: Iterable<T>,
  durationMs: number,
  act: (thing: T) => void,
  over: () => void = () => {},
): (() => void) => {
  const queue = [...things];
  const pauseMs = Math.min(maximumPauseMs, durationMs / queue.length);
  const rest = queue.values();
  const began = performance.now();
  let done = 0;
  let stopped = false;
  const step = (): void => {
    if (stopped) return;
    const next = rest.next();
    if (next.done === true) {
      over();
      return;
    }
    done += 1;
    const pause = began + done * pauseMs - performance.now();
    // A timer takes a millisecond at least, which would be too long for thousands.
    if (pause > 0) setTimeout(step, pause);
    else setImmediate(step);
    act(next.value);
  };
  setImmediate(step);
  return () => {
    stopped = true;
  };
};
