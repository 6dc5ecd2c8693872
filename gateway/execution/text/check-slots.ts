import { type ObjectNode, typeSlot, type ValueNode } from './nodes.ts';
import type { Below, Part, Place } from './places.ts';
import type { Target } from './representations.ts';
import { Unfit } from './unfit.ts';

/** A fetch of a plan: what its answer is made of, and for what it asks. */
export interface CheckedFetch {
  /** The root, or what entities may be. */
  readonly nodes: readonly ObjectNode[];
  readonly target: Target | null;
  /** The objects that it is for, by what they may be; none for root fields. */
  readonly objects: readonly ObjectNode[];
}

/**
 * Throws Unfit unless all that is read of records is noted by each object that may stand there. Records are not cleared
 * between answers: a number that nobody notes would be one of another answer, and the client would get data of somebody
 * else. So whatever goes wrong with the numbering is to end in an execution on values.
 */
export function checkSlots(root: Place, fetches: readonly CheckedFetch[]): void {
  const places = new CheckedPlaces();
  const roots = fetches.flatMap(({ nodes, target }) => (target === null ? nodes : []));
  places.check(root, (part) => roots.filter(({ fetch }) => part.by === 'root' && fetch === part.fetch));
  for (const { nodes, target, objects } of fetches) {
    // What is not noted is not told to the fetch.
    for (const object of objects) if (target !== null && object.noted) checkSource(object, target, nodes);
  }
}

/** What is read of an object to ask about it, and where its representation's number is written. */
function checkSource(object: ObjectNode, target: Target, nodes: readonly ObjectNode[]): void {
  const join = object.joins.find(({ mark }) => mark === target.mark);
  const source = join === undefined ? undefined : target.sources[join.source];
  if (join === undefined || source === undefined) throw new Unfit();
  demand(object.fetch === target.owner && source.slot === join.slot && nodes[source.entity] === join.node);
  for (const { join: given, from, to } of source.keys) {
    const node = given === null ? object : joinedAt(object, given.slot);
    demand(
      node.noted && (given === null || (node.fetch === given.fetch && source.needs.includes(node.fetch))),
    );
    const { begins, ends } = slotsOf(node);
    demand(begins.has(from) && ends.has(to));
  }
}

class CheckedPlaces {
  readonly #known = new Map<Place, Set<ObjectNode>>();

  /** `nodesOf`: what may stand at a part of the place. */
  check({ parts, pieces }: Place, nodesOf: (part: Part) => readonly ObjectNode[]): void {
    const slots = parts.map((part) => {
      const nodes = nodesOf(part);
      demand(nodes.length > 0 && nodes.every(({ noted, fetch }) => noted && fetch === part.fetch));
      return nodes.map(slotsOf);
    });
    for (const piece of pieces) {
      if (piece.kind === 'text') continue;
      const read = slots[piece.part];
      if (read === undefined) throw new Unfit();
      for (const { begins, ends, records } of read) {
        if (piece.kind === 'below') this.#below(piece.below, records.get(piece.slot));
        else demand(begins.has(piece.from) && ends.has(piece.to));
      }
    }
  }

  #below(below: Below, value: ValueNode | undefined): void {
    if (below.kind === 'list' && value?.kind === 'list') this.#below(below.item, value.item);
    else if (below.kind === 'object' && value?.kind === 'object') this.#place(below.place, value.object);
    else if (below.kind === 'abstract' && value?.kind === 'abstract') {
      for (const object of value.objects) if (object.fit) this.#place(below.places[object.type], object);
    } else throw new Unfit();
  }

  #place(place: Place | undefined, object: ObjectNode): void {
    if (place === undefined) throw new Unfit();
    const known = this.#known.get(place) ?? new Set();
    this.#known.set(place, known);
    if (known.has(object)) return;
    known.add(object);
    this.check(place, ({ by, slot }) => [by === 'self' ? object : joinedAt(object, slot)]);
  }
}

function joinedAt({ joins }: ObjectNode, slot: number): ObjectNode {
  const join = joins.find((each) => each.slot === slot);
  if (join === undefined) throw new Unfit();
  return join.node;
}

/** What the scan of an object notes, by what it means. Throws Unfit where two things have one number. */
function slotsOf({ fields, joins, size, type }: ObjectNode) {
  const begins = new Set<number>();
  const ends = new Set<number>();
  const records = new Map<number, ValueNode>();
  // The first tells where the record ends, the second the type.
  const all = type === -1 ? [0] : [0, typeSlot];
  for (const { startSlot, valueSlot, endSlot, recordSlot, value } of fields) {
    for (const slot of [startSlot, valueSlot]) if (slot !== -1) begins.add(slot);
    if (endSlot !== -1) ends.add(endSlot);
    if (recordSlot !== -1) records.set(recordSlot, value);
    all.push(...[startSlot, valueSlot, endSlot, recordSlot].filter((slot) => slot !== -1));
  }
  all.push(...joins.map(({ slot }) => slot));
  demand(new Set(all).size === all.length && all.every((slot) => slot >= 0 && slot < size));
  return { begins, ends, records };
}

function demand(holds: boolean): void {
  if (!holds) throw new Unfit();
}
