import { recordIn, type Scanned, sourceIn } from './scanner.ts';
import { Sink, type Text } from './sink.ts';

/** Where an entity fetch finds its objects, and how it tells them. */
export interface Target {
  /** Number of the fetch whose answer has the objects. */
  readonly owner: number;
  /** Which of that scan's lists has them. */
  readonly mark: number;
  /** By what the objects are. */
  readonly sources: readonly Source[];
}

export interface Source {
  /** In the objects' records, the number of the representation. */
  readonly slot: number;
  /** Type and keys: equal ones may be the same representation. */
  readonly told: string;
  /** Which of the nodes of the fetch the entity is. */
  readonly entity: number;
  readonly keys: readonly KeyRange[];
  /** Fetches that gave some of the keys. */
  readonly needs: readonly number[];
}

/** A key's value: where in a record it begins and ends, and what stands before it in a representation. */
export interface KeyRange {
  /** The fetch in whose answer the record is, and where the object's has the number of the representation; null: its own. */
  readonly join: { readonly fetch: number; readonly slot: number } | null;
  readonly from: number;
  readonly to: number;
  readonly before: Text;
}

export interface Representations {
  /** A list, as JSON. */
  readonly text: string;
  /** For each of them, which of the nodes of the fetch the entity is. */
  readonly kinds: readonly number[];
}

/** What came for a fetch; the records of its entities by representation. */
export interface Arrived {
  readonly scanned: Scanned;
  readonly entities: Int32Array;
}

/** Looked at for one object. More hash alike only when somebody chose the keys for it. */
const maximumProbes = 100;
const seed = Math.floor(Math.random() * 2 ** 31);

/**
 * Writes what `_entities` takes, equal ones once, in the order in which the objects stand, and notes for each object
 * which is its. Null where telling equal ones would take too long, or one entity would be two things to the client.
 */
export function representationsOf(
  target: Target,
  arrived: readonly (Arrived | null)[],
): Representations | null {
  const owner = arrived[target.owner];
  if (owner === null || owner === undefined) return null;
  const { tape, bytes } = owner.scanned;
  const marks = owner.scanned.marks[target.mark] ?? [];
  const objects = new Objects(owner.scanned, arrived);
  const mask = 2 ** Math.ceil(Math.log2(marks.length * 2 + 2)) - 1;
  const table = new Int32Array(mask + 1);
  /** The object that each representation was made of, and its source. */
  const made: number[] = [];
  const madeOf: Source[] = [];
  const kinds: number[] = [];
  const sink = new Sink(bytes.length);
  sink.addByte(0x5b);
  for (const mark of marks) {
    const source = target.sources[sourceIn(mark)];
    const record = recordIn(mark);
    if (source === undefined || !hasAll(source.needs, arrived)) return null;
    let place = objects.hashOf(source, record) & mask;
    let number = (table[place] ?? 0) - 1;
    for (let probes = 0; number !== -1; probes++) {
      const other = madeOf[number];
      if (other !== undefined && objects.isSame(other, made[number] ?? 0, source, record)) break;
      if (probes === maximumProbes) return null;
      place = (place + 1) & mask;
      number = (table[place] ?? 0) - 1;
    }
    if (number === -1) {
      number = made.push(record) - 1;
      madeOf.push(source);
      kinds.push(source.entity);
      table[place] = number + 1;
      if (number > 0) sink.addByte(0x2c);
      objects.write(source, record, sink);
    } else if (kinds[number] !== source.entity) return null;
    tape[record + source.slot] = number;
  }
  sink.addByte(0x5d);
  return { text: sink.text('utf8'), kinds };
}

/** Asked for each object: no closure and no iterator. */
function hasAll(needs: readonly number[], arrived: readonly (Arrived | null)[]): boolean {
  for (let index = 0; index < needs.length; index++) {
    const fetch = needs[index];
    if (fetch === undefined || (arrived[fetch] ?? null) === null) return false;
  }
  return true;
}

/** The keys of objects, whose records are in the answer of one fetch; some of the keys came with others. */
class Objects {
  readonly #own: Scanned;
  readonly #arrived: readonly (Arrived | null)[];

  constructor(own: Scanned, arrived: readonly (Arrived | null)[]) {
    this.#own = own;
    this.#arrived = arrived;
  }

  write({ keys }: Source, record: number, sink: Sink): void {
    for (const range of keys) {
      const scanned = this.#textOf(range);
      const at = this.#recordOf(range, record);
      sink.addAll(range.before);
      sink.add(scanned, scanned.tape[at + range.from] ?? 0, scanned.tape[at + range.to] ?? 0);
    }
    sink.addByte(0x7d);
  }

  /** FNV-1a over the text of the keys. */
  hashOf({ keys }: Source, record: number): number {
    let hash = seed;
    for (const range of keys) {
      const { bytes, tape } = this.#textOf(range);
      const at = this.#recordOf(range, record);
      const end = tape[at + range.to] ?? 0;
      for (let next = tape[at + range.from] ?? 0; next < end; next++) {
        hash = Math.imul(hash ^ (bytes[next] ?? 0), 0x01000193);
      }
    }
    return hash ^ (hash >>> 15);
  }

  isSame(source: Source, record: number, other: Source, otherRecord: number): boolean {
    if (source !== other && source.told !== other.told) return false;
    for (let index = 0; index < source.keys.length; index++) {
      const range = source.keys[index];
      const otherRange = other.keys[index];
      if (range === undefined || otherRange === undefined) return false;
      const { bytes, tape } = this.#textOf(range);
      const { bytes: otherBytes, tape: otherTape } = this.#textOf(otherRange);
      const at = this.#recordOf(range, record);
      const otherAt = this.#recordOf(otherRange, otherRecord);
      const begin = tape[at + range.from] ?? 0;
      const otherBegin = otherTape[otherAt + otherRange.from] ?? 0;
      const length = (tape[at + range.to] ?? 0) - begin;
      if ((otherTape[otherAt + otherRange.to] ?? 0) - otherBegin !== length) return false;
      for (let next = 0; next < length; next++) {
        if (bytes[begin + next] !== otherBytes[otherBegin + next]) return false;
      }
    }
    return true;
  }

  #textOf({ join }: KeyRange): Scanned {
    return join === null ? this.#own : (this.#arrived[join.fetch]?.scanned ?? this.#own);
  }

  #recordOf({ join }: KeyRange, record: number): number {
    if (join === null) return record;
    return this.#arrived[join.fetch]?.entities[this.#own.tape[record + join.slot] ?? 0] ?? 0;
  }
}
