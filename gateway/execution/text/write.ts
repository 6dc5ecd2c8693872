import { typeSlot } from './nodes.ts';
import type { Below, Part, Place } from './places.ts';
import type { Arrived } from './representations.ts';
import { Sink, textOf } from './sink.ts';

const [open, close, nothing] = [textOf('{"data":'), textOf('}\n'), textOf('null')];

/** Puts the body of the client's answer together: `{"data":…}` and a line break. Each character is a byte of it. */
export function writeAnswer(root: Place, arrived: readonly (Arrived | null)[]): string {
  let expected = 64;
  for (const each of arrived) expected += each?.scanned.bytes.length ?? 0;
  const writer = new Writer(arrived, new Sink(expected));
  writer.sink.addAll(open);
  writer.object(root, -1, 0);
  writer.sink.addAll(close);
  return writer.sink.text('latin1');
}

class Writer {
  readonly #arrived: readonly (Arrived | null)[];
  readonly sink: Sink;

  constructor(arrived: readonly (Arrived | null)[], sink: Sink) {
    this.#arrived = arrived;
    this.sink = sink;
  }

  /** `record` is the object's own, in the answer of the fetch number `fetch`. */
  object({ parts, pieces }: Place, fetch: number, record: number): void {
    const { sink } = this;
    for (let index = 0; index < pieces.length; index++) {
      const piece = pieces[index];
      if (piece === undefined) continue;
      sink.addByte(index === 0 ? 0x7b : 0x2c);
      if (piece.kind === 'text') {
        sink.addAll(piece.text);
        continue;
      }
      const part = parts[piece.part];
      const arrived = part === undefined ? null : this.#arrived[part.fetch];
      // Whatever a place is made of has been asked for before it is written.
      if (part === undefined || arrived === null || arrived === undefined) throw new Error('nothing arrived');
      const { scanned } = arrived;
      const at = this.#recordOf(part, arrived, fetch, record);
      if (piece.kind === 'run') {
        sink.add(scanned, scanned.tape[at + piece.from] ?? 0, scanned.tape[at + piece.to] ?? 0);
      } else if (piece.kind === 'value') {
        sink.addAll(piece.key);
        sink.add(scanned, scanned.tape[at + piece.from] ?? 0, scanned.tape[at + piece.to] ?? 0);
      } else {
        sink.addAll(piece.key);
        this.#below(piece.below, part.fetch, scanned.tape, scanned.tape[at + piece.slot] ?? 0);
      }
    }
    if (pieces.length === 0) sink.addByte(0x7b);
    sink.addByte(0x7d);
  }

  #recordOf(part: Part, { entities }: Arrived, fetch: number, record: number): number {
    if (part.by === 'root') return 0;
    if (part.by === 'self') return record;
    const tape = this.#arrived[fetch]?.scanned.tape;
    return entities[tape?.[record + part.slot] ?? 0] ?? 0;
  }

  /** Gives where the record of what follows is. */
  #below(below: Below, fetch: number, tape: Int32Array, record: number): number {
    const { sink } = this;
    const first = tape[record] ?? 0;
    if (below.kind !== 'list') {
      if (first === 0) {
        sink.addAll(nothing);
        return record + 1;
      }
      const place = below.kind === 'object' ? below.place : below.places[tape[record + typeSlot] ?? 0];
      // The scan lets no other types through.
      if (place === undefined) throw new Error('a type that is not fit');
      this.object(place, fetch, record);
      return first;
    }
    let next = record + 1;
    if (first === -1) {
      sink.addAll(nothing);
      return next;
    }
    sink.addByte(0x5b);
    for (let item = 0; item < first; item++) {
      if (item > 0) sink.addByte(0x2c);
      next = this.#below(below.item, fetch, tape, next);
    }
    sink.addByte(0x5d);
    return next;
  }
}
