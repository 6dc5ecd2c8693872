/** Milliseconds between two at most: few of them need not be spread over all of the time. */
const maximumPauseMs = 10;

/**
 * Does something with each of several things, one in a turn of the loop, spread evenly over `durationMs`, and faster when
 * there are few. What comes due late is done at once, so a busy loop does not make it longer. The returned function stops it.
 */
export const paced = <T>(
  things: Iterable<T>,
  durationMs: number,
  act: (thing: T) => void,
  over: () => void = () => {},
): (() => void) => {
  const queue = [...things];
  const pauseMs = Math.min(maximumPauseMs, durationMs / queue.length);
  const began = performance.now();
  let done = 0;
  let timer: NodeJS.Timeout | null = null;
  const step = (): void => {
    const next = queue[done];
    if (next === undefined) {
      over();
      return;
    }
    done += 1;
    timer = setTimeout(step, began + done * pauseMs - performance.now());
    act(next);
  };
  timer = setTimeout(step, 0);
  return () => clearTimeout(timer ?? undefined);
};
