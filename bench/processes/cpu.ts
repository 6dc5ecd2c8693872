import { readdirSync, readFileSync } from 'node:fs';

/** Ticks a second of the times in /proc, which is the same on all Linux that Node runs on. */
const ticksPerSecond = 100;

/**
 * Microseconds of CPU that a process and its descendants have used, user and system, from proc_pid_stat(5): so that any
 * gateway can be measured, with the workers that it may have. To 10 ms; Linux only.
 */
export const cpuOf = (pid: number): number => {
  if (process.platform !== 'linux')
    throw new Error('CPU of other processes is read from /proc, which is there on Linux only.');
  const parents = new Map<number, number>();
  const ticks = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statOf(Number(name));
    if (fields === null) continue;
    parents.set(Number(name), Number(fields[1]));
    ticks.set(Number(name), Number(fields[11]) + Number(fields[12]));
  }
  let sum = 0;
  for (const [each, used] of ticks) if (isWithin(each, pid, parents)) sum += used;
  return (sum / ticksPerSecond) * 1_000_000;
};

/** KB of memory that a process holds, from proc_pid_status(5). */
export const residentKilobytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

/** Fields behind the name, which stands in parentheses and may hold any character: state, parent, group, … */
const statOf = (pid: number): string[] | null => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
};

const isWithin = (pid: number, ancestor: number, parents: ReadonlyMap<number, number>): boolean => {
  for (let each: number | undefined = pid; each !== undefined && each > 1; each = parents.get(each)) {
    if (each === ancestor) return true;
  }
  return false;
};
