import type { FieldShape, ObjectShape } from '../shape.ts';
import { unlessUnfit } from './build-nodes.ts';
import { type FieldNode, type ObjectNode, partsOf, type ValueNode } from './nodes.ts';
import { type Text, textOf } from './sink.ts';
import { Unfit } from './unfit.ts';

/** How an object of the client's answer is put together from texts. */
export interface Place {
  readonly parts: readonly Part[];
  /** In the order of the answer. */
  readonly pieces: readonly Piece[];
}

/** Where the record of a part of an object is found: at the beginning, at hand, or by its representation. */
export interface Part {
  readonly fetch: number;
  readonly by: 'root' | 'self' | 'representation';
  /** In the object's own record, its representation. */
  readonly slot: number;
}

export type Piece =
  /** Known from the type. */
  | { readonly kind: 'text'; readonly text: Text }
  /** Fields that stand side by side in a part's text: where they begin and end. */
  | { readonly kind: 'run'; readonly part: number; readonly from: number; readonly to: number }
  /** A field's value, under another key than the part has it. */
  | {
      readonly kind: 'value';
      readonly key: Text;
      readonly part: number;
      readonly from: number;
      readonly to: number;
    }
  /** A field with something below that does not go as it stands. */
  | {
      readonly kind: 'below';
      readonly key: Text;
      readonly part: number;
      readonly slot: number;
      readonly below: Below;
    };

export type Below =
  | { readonly kind: 'list'; readonly item: Below }
  | { readonly kind: 'object'; readonly place: Place }
  /** By the number of the type, which is in the record. */
  | { readonly kind: 'abstract'; readonly places: readonly (Place | undefined)[] };

/** A field found in a part; `below` is null where it goes as it stands. */
interface Found {
  /** The client's. */
  readonly key: string;
  readonly part: number;
  readonly index: number;
  readonly field: FieldNode;
  readonly below: Below | null;
}

/** What an object is made of. Null in `found`: known from the type. */
interface Made {
  readonly nodes: readonly ObjectNode[];
  readonly found: readonly (Found | null)[];
  readonly asItStands: boolean;
}

/** The whole answer, of root fields from any number of fetches. Throws Unfit where something is missing. */
export function rootPlace(shape: ObjectShape, nodes: readonly ObjectNode[]): Place {
  const parts = nodes.map(({ fetch }): Part => ({ fetch, by: 'root', slot: -1 }));
  return placeWith(shape, nodes, parts, new Places().findAll(shape, nodes));
}

class Places {
  readonly #made = new Map<ObjectNode, Made>();
  readonly #places = new Map<ObjectNode, Place>();

  /** Where each of the client's fields is found. */
  findAll({ fields }: ObjectShape, nodes: readonly ObjectNode[]): readonly (Found | null)[] {
    checkDistinct(nodes);
    return fields.map((field) => this.#find(field, nodes));
  }

  #find({ key, plannedKey, value }: FieldShape, nodes: readonly ObjectNode[]): Found | null {
    const typename = value.kind === 'typename' && value.name !== null ? JSON.stringify(value.name) : null;
    for (const [part, { fields }] of nodes.entries()) {
      const index = fields.findIndex((field) => field.key === plannedKey);
      const field = fields[index];
      if (field === undefined) continue;
      // A subgraph with an interface object gives the interface's name.
      if (field.value.kind === 'constant' && field.value.text !== typename) continue;
      return { key, part, index, field, below: this.#below(field.value) };
    }
    if (typename !== null) return null;
    throw new Unfit();
  }

  #below(value: ValueNode): Below | null {
    if (value.kind === 'list') {
      const item = this.#below(value.item);
      return item === null ? null : { kind: 'list', item };
    }
    if (value.kind === 'object') {
      const made = this.#make(value.object);
      return made.asItStands ? null : { kind: 'object', place: this.#place(value.object, made) };
    }
    if (value.kind !== 'abstract') return null;
    const fitting = value.objects.filter((object) => this.#isFit(object));
    if (fitting.length === 0) throw new Unfit();
    if (fitting.every((object) => this.#make(object).asItStands)) return null;
    const places: Place[] = [];
    for (const object of fitting) places[object.type] = this.#place(object, this.#make(object));
    return { kind: 'abstract', places };
  }

  /** An answer with an object that is not is run on values. */
  #isFit(object: ObjectNode): boolean {
    object.fit = unlessUnfit(() => this.#make(object)) !== null;
    return object.fit;
  }

  #make(node: ObjectNode): Made {
    const known = this.#made.get(node);
    if (known !== undefined) return known;
    if (!node.fit) throw new Unfit();
    const nodes = partsOf(node);
    const found = this.findAll(node.shape, nodes);
    const asItStands =
      node.joins.length === 0 &&
      found.length === node.fields.length &&
      found.every((each, index) => each !== null && isWhole(each) && each.index === index);
    const made = { nodes, found, asItStands };
    this.#made.set(node, made);
    return made;
  }

  #place(node: ObjectNode, { nodes, found }: Made): Place {
    const known = this.#places.get(node);
    if (known !== undefined) return known;
    const joined = node.joins.map(
      (join): Part => ({ fetch: join.node.fetch, by: 'representation', slot: join.slot }),
    );
    const place = placeWith(
      node.shape,
      nodes,
      [{ fetch: node.fetch, by: 'self', slot: -1 }, ...joined],
      found,
    );
    this.#places.set(node, place);
    return place;
  }
}

/** Two fetches that give one key would have to be merged. */
function checkDistinct(nodes: readonly ObjectNode[]): void {
  const keys = new Set<string>();
  for (const { key, value } of nodes.flatMap(({ fields }) => fields)) {
    if (value.kind === 'constant') continue;
    if (keys.has(key)) throw new Unfit();
    keys.add(key);
  }
}

/** Decides what is noted of an object: it has a record from now on. */
function placeWith(
  shape: ObjectShape,
  nodes: readonly ObjectNode[],
  parts: readonly Part[],
  found: readonly (Found | null)[],
): Place {
  for (const node of nodes) node.noted = true;
  const pieces: Piece[] = [];
  for (let index = 0; index < found.length; index++) {
    const first = found[index];
    const node = first === undefined || first === null ? undefined : nodes[first.part];
    if (first === undefined || first === null || node === undefined) {
      const text = textOf(`${JSON.stringify(shape.fields[index]?.key)}:${JSON.stringify(shape.typename)}`);
      pieces.push({ kind: 'text', text });
    } else if (isWhole(first)) {
      while (follows(found[index], found[index + 1])) index += 1;
      pieces.push(runOf(first, found[index]?.field ?? first.field, node));
    } else {
      pieces.push(pieceOf(first, node));
    }
  }
  return { parts, pieces };
}

function runOf({ part, field }: Found, last: FieldNode, node: ObjectNode): Piece {
  if (field.startSlot === -1) field.startSlot = node.slot();
  if (last.endSlot === -1) last.endSlot = node.slot();
  return { kind: 'run', part, from: field.startSlot, to: last.endSlot };
}

function pieceOf({ key: name, part, field, below }: Found, node: ObjectNode): Piece {
  const key = textOf(`${JSON.stringify(name)}:`);
  if (below !== null) {
    // An entity may belong to several objects, whose places find it at one.
    if (field.recordSlot === -1) field.recordSlot = node.slot();
    return { kind: 'below', key, part, slot: field.recordSlot, below };
  }
  if (field.valueSlot === -1) field.valueSlot = node.slot();
  if (field.endSlot === -1) field.endSlot = node.slot();
  return { kind: 'value', key, part, from: field.valueSlot, to: field.endSlot };
}

/** The client gets it with its key as it stands. */
const isWhole = ({ key, field, below }: Found): boolean => below === null && field.key === key;

const follows = (one: Found | null | undefined, next: Found | null | undefined): boolean =>
  one !== null &&
  one !== undefined &&
  next !== null &&
  next !== undefined &&
  isWhole(next) &&
  next.part === one.part &&
  next.index === one.index + 1;
