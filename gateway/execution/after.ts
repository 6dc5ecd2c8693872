import { isData } from './data.ts';

/** Records that an answer must contain, by topic id: partition and offset of each (S16, S24). */
export type AfterPositions = Record<string, readonly (readonly [number, number])[]>;

/** More than this is refused or ignored: no honest client has written to so many partitions. */
const maximumPairs = 10_000;

/** Reads positions from the wire; null when they have not the form `{topic: [[partition, offset], …]}`. */
export function readAfter(value: unknown): AfterPositions | null {
  if (!isData(value)) return null;
  let pairs = 0;
  for (const list of Object.values(value)) {
    if (!Array.isArray(list)) return null;
    pairs += list.length;
    if (pairs > maximumPairs || !list.every(isPair)) return null;
  }
  return value as AfterPositions;
}

const isPair = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length === 2 &&
  value.every((number) => Number.isSafeInteger(number) && number >= 0);

/** The later offset of each partition; null when neither says anything. */
export function mergeAfter(a: AfterPositions | null, b: AfterPositions | null): AfterPositions | null {
  if (a === null || b === null || a === b) return a ?? b;
  const merged: AfterPositions = { ...a };
  for (const [topic, pairs] of Object.entries(b)) {
    const known = merged[topic];
    merged[topic] = known === undefined ? pairs : laterOf(known, pairs);
  }
  return merged;
}

/** The same of many, each partition looked at once for each: a batch of events has as many as it has events. */
export function latestAfter(all: readonly (AfterPositions | null)[]): AfterPositions | null {
  const topics = new Map<string, Map<number, number>>();
  for (const after of all) {
    for (const [topic, pairs] of Object.entries(after ?? {})) {
      const offsets = topics.get(topic) ?? new Map<number, number>();
      if (offsets.size === 0) topics.set(topic, offsets);
      for (const [partition, offset] of pairs) {
        offsets.set(partition, Math.max(offset, offsets.get(partition) ?? 0));
      }
    }
  }
  if (topics.size === 0) return null;
  return Object.fromEntries([...topics].map(([topic, offsets]) => [topic, [...offsets]]));
}

type Pairs = readonly (readonly [number, number])[];

function laterOf(a: Pairs, b: Pairs): Pairs {
  const offsets = new Map(a);
  for (const [partition, offset] of b) {
    offsets.set(partition, Math.max(offset, offsets.get(partition) ?? 0));
  }
  return [...offsets];
}
