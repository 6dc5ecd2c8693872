/** Why a process is asked to end. */
export type StopReason = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'LAUNCHER_GONE';

/** One wish often comes as several signals: to the process group, and passed on by npm or the launcher besides. */
const sameWishMs = 1_000;

/**
 * Resolves once, when the process is asked to end. A further signal after a second calls `onImpatience`, so that a
 * second Ctrl-C is never swallowed.
 *
 * A launcher (cli/tributary.mjs) that was killed with -9 cannot pass it on: its absence counts as a signal too, else
 * what the user believes dead would go on.
 */
export const untilToldToStop = (onImpatience: () => void = () => undefined): Promise<StopReason> => {
  const { promise, resolve } = Promise.withResolvers<StopReason>();
  let toldAt: number | null = null;
  const tell = (reason: StopReason): void => {
    if (toldAt !== null && performance.now() - toldAt >= sameWishMs) onImpatience();
    toldAt ??= performance.now();
    resolve(reason);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => tell(signal));
  watchLauncher(() => tell('LAUNCHER_GONE'));
  return promise;
};

const watchLauncher = (gone: () => void): void => {
  const launcher = Number(process.env.TRIBUTARY_LAUNCHER);
  // Another parent: the variable was inherited from further up.
  if (process.ppid !== launcher) return;
  const timer = setInterval(() => {
    if (process.ppid === launcher) return;
    clearInterval(timer);
    gone();
  }, 500);
  timer.unref();
};
