import { setTimeout as wait } from 'node:timers/promises';
import { isGroupAlive } from './identity.ts';

const pollMs = 25;
/** After SIGKILL the kernel still has to tear the processes down. */
const killDeadlineMs = 5_000;

/** How a process group came to its end. REMAINS: it outlived SIGKILL, so it waits in the kernel or is not ours. */
export type GroupEnd = 'GONE' | 'ENDED' | 'KILLED' | 'REMAINS';

/**
 * Ends a process group: SIGTERM, `graceMs` to obey (milliseconds), then SIGKILL. Resolves when nothing of the group
 * lives. `hurry`, when aborted, ends the grace at once.
 */
export const endGroup = async (group: number, graceMs: number, hurry?: AbortSignal): Promise<GroupEnd> => {
  if (!isGroupAlive(group)) return 'GONE';
  signalGroup(group, 'SIGTERM');
  if (await groupEnds(group, graceMs, hurry)) return 'ENDED';
  signalGroup(group, 'SIGKILL');
  return (await groupEnds(group, killDeadlineMs)) ? 'KILLED' : 'REMAINS';
};

const groupEnds = async (group: number, deadlineMs: number, hurry?: AbortSignal): Promise<boolean> => {
  const deadline = Date.now() + deadlineMs;
  while (isGroupAlive(group)) {
    if (Date.now() >= deadline || hurry?.aborted === true) return false;
    await wait(pollMs);
  }
  return true;
};

const signalGroup = (group: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-group, signal);
  } catch {
    // Gone between the look and the signal, or not ours: the loop that waits for it tells which.
  }
};
