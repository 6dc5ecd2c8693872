import type { Scanned } from './scanner.ts';
import { Sink, type Text } from './sink.ts';

/** Where an entity fetch finds its objects, and how it tells them. */
export interface Target {
  /** Number of the fetch whose answer has the objects. */
  readonly owner: number;
  /** Which of that scan's lists has their records. */
  readonly mark: number;
  /** In their records, the number of the representation. */
  readonly slot: number;
  readonly keys: readonly KeyRange[];
}

/** A key's value in an object's record: where it begins and ends, and what stands before it in a representation. */
export interface KeyRange {
  readonly from: number;
  readonly to: number;
  readonly before: Text;
}

export interface Representations {
  /** A list, as JSON. */
  readonly text: string;
  readonly count: number;
}

/** Looked at for one object. More hash alike only when somebody chose the keys for it. */
const maximumProbes = 100;
const seed = Math.floor(Math.random() * 2 ** 31);

/**
 * Writes what `_entities` takes, equal ones once, in the order in which the objects stand, and notes for each object
 * which is its. Null where telling equal ones would take too long.
 */
export function representationsOf(target: Target, scanned: Scanned): Representations | null {
  const { tape } = scanned;
  const records = scanned.marks[target.mark] ?? [];
  const mask = 2 ** Math.ceil(Math.log2(records.length * 2 + 2)) - 1;
  const table = new Int32Array(mask + 1);
  /** The record that each representation was made of. */
  const made: number[] = [];
  const sink = new Sink(scanned.bytes.length);
  sink.addByte(0x5b);
  for (const record of records) {
    let place = hashOf(target, scanned, record) & mask;
    let number = (table[place] ?? 0) - 1;
    for (let probes = 0; number !== -1 && !isSame(target, scanned, made[number] ?? 0, record); probes++) {
      if (probes === maximumProbes) return null;
      place = (place + 1) & mask;
      number = (table[place] ?? 0) - 1;
    }
    if (number === -1) {
      number = made.push(record) - 1;
      table[place] = number + 1;
      if (number > 0) sink.addByte(0x2c);
      writeRepresentation(target, scanned, record, sink);
    }
    tape[record + target.slot] = number;
  }
  sink.addByte(0x5d);
  return { text: sink.text('utf8'), count: made.length };
}

function writeRepresentation({ keys }: Target, scanned: Scanned, record: number, sink: Sink): void {
  const { tape } = scanned;
  for (const { from, to, before } of keys) {
    sink.addAll(before);
    sink.add(scanned, tape[record + from] ?? 0, tape[record + to] ?? 0);
  }
  sink.addByte(0x7d);
}

/** FNV-1a over the text of the keys. */
function hashOf({ keys }: Target, { bytes, tape }: Scanned, record: number): number {
  let hash = seed;
  for (const { from, to } of keys) {
    const end = tape[record + to] ?? 0;
    for (let at = tape[record + from] ?? 0; at < end; at++) {
      hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
    }
  }
  return hash ^ (hash >>> 15);
}

function isSame({ keys }: Target, { bytes, tape }: Scanned, one: number, other: number): boolean {
  for (const { from, to } of keys) {
    const begin = tape[one + from] ?? 0;
    const length = (tape[one + to] ?? 0) - begin;
    const otherBegin = tape[other + from] ?? 0;
    if ((tape[other + to] ?? 0) - otherBegin !== length) return false;
    for (let at = 0; at < length; at++) if (bytes[begin + at] !== bytes[otherBegin + at]) return false;
  }
  return true;
}
