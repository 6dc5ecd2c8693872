/**
 * What a change stream says, folded by key.
 * @typedef {'RESET' | 'SNAPSHOT' | 'UPSERT' | 'DELETE' | 'UP_TO_DATE'} ChangeKind
 */

/** Rows by key, as many as the stream's filter lets through.
 * @template Row */
export class Rows {
  /** @type {Map<string, Row>} */
  #rows = new Map();
  /** When a row changed last, by performance.now(); not of rows that a snapshot brought.
   * @type {Map<string, number>} */
  #changes = new Map();
  /** Whether all rows were there once. */
  isComplete = false;

  /**
   * @param {ChangeKind} kind
   * @param {string | null} key null for RESET and UP_TO_DATE
   * @param {Row | null} row null for all but SNAPSHOT and UPSERT
   */
  apply(kind, key, row) {
    if (kind === 'RESET') {
      this.#rows.clear();
      this.#changes.clear();
      this.isComplete = false;
    } else if (kind === 'UP_TO_DATE') {
      this.isComplete = true;
    } else if (key !== null) {
      if (row === null) this.#rows.delete(key);
      else this.#rows.set(key, row);
      if (kind === 'UPSERT') this.#changes.set(key, performance.now());
      else this.#changes.delete(key);
    }
  }

  /** @returns {Row[]} */
  all() {
    return [...this.#rows.values()];
  }

  /** Whether the row changed within the last `milliseconds`.
   * @param {string} key @param {number} milliseconds */
  changedWithin(key, milliseconds) {
    const at = this.#changes.get(key);
    if (at === undefined) return false;
    if (performance.now() - at < milliseconds) return true;
    this.#changes.delete(key);
    return false;
  }
}
