import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A process that is still the same one: pids are used again, start times are not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque: clock ticks since boot on Linux, a date elsewhere. */
  readonly startTime: string;
}

/** The identity of a live process, or null when there is none. A zombie counts as none. */
export async function identify(pid: number): Promise<ProcessIdentity | null> {
  const startTime = process.platform === 'linux' ? await startTimeOnLinux(pid) : await startTimeByPs(pid);
  return startTime === null ? null : { pid, startTime };
}

/** True while exactly this process lives. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  const now = await identify(identity.pid);
  return now !== null && now.startTime === identity.startTime;
}

/** proc(5): the name is in parentheses and may hold anything; after it come state (3rd field) … starttime (22nd). */
async function startTimeOnLinux(pid: number): Promise<string | null> {
  let stat: string;
  try {
    stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? null : (fields[19] ?? null);
}

async function startTimeByPs(pid: number): Promise<string | null> {
  try {
    const { stdout } = await run('ps', ['-o', 'state=,lstart=', '-p', String(pid)]);
    const [state = 'Z', ...date] = stdout.trim().split(/\s+/);
    return state.startsWith('Z') ? null : date.join(' ');
  } catch {
    return null;
  }
}
