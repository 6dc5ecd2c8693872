import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same pid: pids are used again, start times are not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; equal only for the same process on the same boot. */
  readonly startTime: string;
}

/** Who has `pid` now; null when nobody does, or only a zombie that waits to be reaped. */
export const identityOf = (pid: number): ProcessIdentity | null => {
  const startTime = process.platform === 'linux' ? startTimeOnLinux(pid) : startTimeByPs(pid);
  return startTime === null ? null : { pid, startTime };
};

/** True while the very process of `identity` lives. */
export const isAlive = (identity: ProcessIdentity): boolean =>
  identityOf(identity.pid)?.startTime === identity.startTime;

/**
 * True while a process of the group lives. Zombies do not count: in containers the first process often reaps nobody,
 * and a signal to a group of zombies succeeds for ever.
 */
export const isGroupAlive = (group: number): boolean => {
  try {
    process.kill(-group, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  if (process.platform !== 'linux') return true;
  return readdirSync('/proc').some((name) => {
    const stat = /^\d+$/.test(name) ? readStat(Number(name)) : null;
    return stat !== null && stat.group === group && stat.state !== 'Z';
  });
};

const startTimeOnLinux = (pid: number): string | null => {
  const stat = readStat(pid);
  return stat === null || stat.state === 'Z' || stat.state === 'X' ? null : `${bootId()}:${stat.startTicks}`;
};

/** Fields of proc_pid_stat(5). The name stands in parentheses and may hold any character, so fields count from the last one. */
const readStat = (pid: number): { state: string; group: number; startTicks: string } | null => {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  const [state = '', , group = '', ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // state is field 3, pgrp field 5, starttime field 22.
  return { state, group: Number(group), startTicks: rest[16] ?? '' };
};

let boot: string | undefined;
/** Start times are ticks since boot; without the boot's id, a file from before a reboot could fit a stranger. */
const bootId = (): string => {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return boot;
};

const startTimeByPs = (pid: number): string | null => {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      // lstart speaks the user's language otherwise, and would differ between two shells.
      env: { ...process.env, LC_ALL: 'C' },
    }).trim();
    const [, state = '', startTime = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
    return startTime === '' || state.startsWith('Z') ? null : startTime;
  } catch {
    return null;
  }
};
