import type { Row } from '../records.ts';
import { type BoundFilter, comparable, pinnedValues } from './filter.ts';

/**
 * Subscribers filed by the values that they filter on, so that an event costs what it matches and not what is
 * subscribed. It narrows; the subscriber's own filter decides.
 */
export class FilterIndex<Subscriber> {
  readonly #everything = new Set<Subscriber>();
  readonly #byField = new Map<string, Map<unknown, Set<Subscriber>>>();

  add(filters: readonly BoundFilter[], subscriber: Subscriber): void {
    const pinned = pinnedValues(filters);
    if (pinned === null) {
      this.#everything.add(subscriber);
      return;
    }
    const values = this.#byField.get(pinned.field) ?? new Map<unknown, Set<Subscriber>>();
    this.#byField.set(pinned.field, values);
    for (const value of pinned.values) {
      const filed = values.get(value);
      if (filed === undefined) values.set(value, new Set([subscriber]));
      else filed.add(subscriber);
    }
  }

  remove(filters: readonly BoundFilter[], subscriber: Subscriber): void {
    const pinned = pinnedValues(filters);
    if (pinned === null) {
      this.#everything.delete(subscriber);
      return;
    }
    const values = this.#byField.get(pinned.field);
    for (const value of pinned.values) {
      const filed = values?.get(value);
      filed?.delete(subscriber);
      if (filed?.size === 0) values?.delete(value);
    }
    if (values?.size === 0) this.#byField.delete(pinned.field);
  }

  /** Calls `found` once for each subscriber that the old or the new row may concern. */
  candidates(row: Row | null, old: Row | null, found: (subscriber: Subscriber) => void): void {
    for (const subscriber of this.#everything) found(subscriber);
    for (const [field, values] of this.#byField) {
      const now = row === null ? undefined : values.get(comparable(row[field]));
      const before = old === null ? undefined : values.get(comparable(old[field]));
      if (now !== undefined) for (const subscriber of now) found(subscriber);
      if (before !== undefined && before !== now) {
        for (const subscriber of before) if (now?.has(subscriber) !== true) found(subscriber);
      }
    }
  }

  /** Calls `found` once for each subscriber. */
  all(found: (subscriber: Subscriber) => void): void {
    const subscribers = new Set(this.#everything);
    for (const values of this.#byField.values()) {
      for (const filed of values.values()) for (const subscriber of filed) subscribers.add(subscriber);
    }
    for (const subscriber of subscribers) found(subscriber);
  }

  get isEmpty(): boolean {
    return this.#everything.size === 0 && this.#byField.size === 0;
  }
}
