import { nextOffset, type Position } from '../../../schema/position.ts';

interface Waiter {
  readonly next: number;
  readonly settle: (reached: boolean) => void;
}

/** Wakes who waits for a position, by signal. */
export class PositionSignal {
  private readonly waiters = new Map<number, Set<Waiter>>();

  /** True as soon as `advanced` names `next` or more; false after `timeoutMs`, and when all are released. */
  wait(partition: number, next: number, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const waiters = this.waiters.get(partition) ?? new Set();
      const waiter: Waiter = {
        next,
        settle: (reached) => {
          clearTimeout(timer);
          waiters.delete(waiter);
          if (waiters.size === 0) this.waiters.delete(partition);
          resolve(reached);
        },
      };
      const timer = setTimeout(() => waiter.settle(false), timeoutMs);
      waiters.add(waiter);
      this.waiters.set(partition, waiters);
    });
  }

  isAwaited(partition: number): boolean {
    return this.waiters.has(partition);
  }

  advanced(position: Position, partition: number): void {
    for (const waiter of [...(this.waiters.get(partition) ?? [])]) {
      if (nextOffset(position, partition) >= waiter.next) waiter.settle(true);
    }
  }

  release(): void {
    for (const waiter of [...this.waiters.values()].flatMap((waiters) => [...waiters])) waiter.settle(false);
  }
}
