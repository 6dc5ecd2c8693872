/** A cursor that moves all the time is told every so many times that progress is due. */
const fewest = 4;

/**
 * When a client is told of cursors that moved without an event (S10). Each telling costs as much as an event, and its answer
 * as much again. So it is told at once, then after two times, then every fourth time, and at once again when nothing
 * had moved since: a quiet stream's first step is not late, and what a resume reads again stays bounded.
 */
export class ProgressPace {
  /** Times passed over behind the last telling, and those that are left of them. */
  #pause = 0;
  #left = 0;

  /** It is due once more. `tell` returns false when there was nothing to tell. */
  due(tell: () => boolean): void {
    if (this.#left > 0) {
      this.#left -= 1;
      return;
    }
    this.#pause = tell() ? Math.min(2 * this.#pause + 1, fewest - 1) : 0;
    this.#left = this.#pause;
  }
}
