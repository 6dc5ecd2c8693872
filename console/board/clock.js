/** The clock of the week that is replayed, and how the airport's walls show it. */

/** Milliseconds for which the clock goes on by itself: a replay that was stopped stands still, and so does a board without a connection. */
const lead = 10_000;
/** A clock that is set back by more is that of a week that was begun again. */
const hour = 3_600_000;

export class Clock {
  #time = Number.NaN;
  #speed = 0;
  #setAt = 0;
  #shown = Number.NEGATIVE_INFINITY;

  /** @param {{ readonly time: string, readonly speed: number | null }} state */
  set({ time, speed }) {
    this.#time = Date.parse(time);
    this.#speed = speed ?? 0;
    this.#setAt = performance.now();
    if (this.#time < this.#shown - hour) this.#shown = this.#time;
  }

  /** Milliseconds since 1970; where nothing is replayed, by the clock on the wall. Does not tick back. */
  now() {
    if (Number.isNaN(this.#time)) return Date.now();
    const passed = Math.min(performance.now() - this.#setAt, lead);
    this.#shown = Math.max(this.#shown, this.#time + this.#speed * passed);
    return this.#shown;
  }
}

/**
 * Times as they are read at the airport.
 * @param {string} timeZone
 */
export const localTime = (timeZone) => {
  /** @param {Intl.DateTimeFormatOptions} options */
  const format = (options) => {
    const formatter = new Intl.DateTimeFormat('en-US', { timeZone, ...options });
    return (/** @type {number | string} */ moment) => formatter.format(new Date(moment));
  };
  return {
    time: format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
    day: format({ weekday: 'short', day: 'numeric', month: 'short' }),
    date: format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
  };
};

/** @typedef {ReturnType<typeof localTime>} LocalTime */
