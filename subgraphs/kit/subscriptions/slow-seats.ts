import type { CatchUpLimits } from './limits.ts';

export interface Waiting {
  /** Milliseconds since 1970, as all times here. */
  readonly now: number;
  /** When the side fetch began to wait. */
  readonly since: number;
  /** When at most half of the clients were behind; null: more are. */
  readonly halfAt: number | null;
  /** Others wait for a side fetch. */
  readonly isWanted: boolean;
  readonly limits: Pick<CatchUpLimits, 'stallMs' | 'patienceMs'>;
}

/**
 * Who among those that are behind holds the others up: who takes nothing for `stallMs`, or only `patienceMs` when
 * others wait for a side fetch; and the slower half, when it needs more than twice what the faster one needed. In a
 * busy process all clients are slow alike, and nobody is detached for that.
 */
export const slowSeats = <Seat extends { readonly takenAt: number }>(
  behind: readonly Seat[],
  { now, since, halfAt, isWanted, limits }: Waiting,
): readonly Seat[] => {
  const isHalfOver = halfAt !== null && now - halfAt > Math.max(limits.patienceMs, halfAt - since);
  const stallMs = isWanted ? limits.patienceMs : limits.stallMs;
  return behind.filter(({ takenAt }) => isHalfOver || now - Math.max(takenAt, since) > stallMs);
};
