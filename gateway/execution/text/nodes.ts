import type { LeafForm } from '../leaf.ts';
import type { PathStep } from '../path.ts';
import type { ObjectShape, ValueShape } from '../shape.ts';
import type { Selection } from './selection.ts';
import { Unfit } from './unfit.ts';

/** What stands for a field in a subgraph's answer. */
export type ValueNode =
  | {
      readonly kind: 'leaf';
      readonly nonNull: boolean;
      readonly form: LeafForm;
      /** For another fetch as well. */
      readonly isKey: boolean;
    }
  | { readonly kind: 'list'; readonly nonNull: boolean; readonly item: ValueNode }
  | { readonly kind: 'object'; readonly nonNull: boolean; readonly object: ObjectNode }
  /** `__typename`, which is known: any other value would make it another object. */
  | { readonly kind: 'constant'; readonly text: string }
  /** Not for the client. */
  | { readonly kind: 'hidden' }
  /** Not for the client, but for another fetch. */
  | { readonly kind: 'key' };

/** A field of an object, and which of its positions are noted, and where in the object's record; −1: not. */
export class FieldNode {
  readonly key: string;
  value: ValueNode;
  /** Of its key. */
  startSlot = -1;
  /** Of its value. */
  valueSlot = -1;
  endSlot = -1;
  /** Of the record of what is below. */
  recordSlot = -1;

  constructor(key: string, value: ValueNode) {
    this.key = key;
    this.value = value;
  }

  /** Notes value and end; a representation takes them. */
  useAsKey(slot: () => number): void {
    const { value } = this;
    if (value.kind === 'hidden') this.value = { kind: 'key' };
    else if (value.kind === 'leaf' && value.form !== 'any') {
      this.value = { ...value, isKey: true };
    } else if (value.kind !== 'key') throw new Unfit();
    if (this.valueSlot === -1) this.valueSlot = slot();
    if (this.endSlot === -1) this.endSlot = slot();
  }
}

/** An object as one fetch answers it. */
export class ObjectNode {
  /** Number of the fetch. */
  readonly fetch: number;
  readonly shape: ObjectShape;
  readonly fields: readonly FieldNode[];
  /** What other fetches give this object. */
  readonly joins: Join[] = [];
  /** True when its positions are noted; false: it goes to the client as it stands, or is not for it. */
  noted = false;
  /** Numbers in its record; the first tells where the record and all below it end. */
  size = 1;

  constructor(fetch: number, shape: ObjectShape, fields: readonly FieldNode[]) {
    this.fetch = fetch;
    this.shape = shape;
    this.fields = fields;
  }

  readonly slot = (): number => this.size++;
}

/** An entity fetch, at one of the objects that it is for. */
export interface Join {
  readonly node: ObjectNode;
  /** In the object's record: the number of its representation. */
  readonly slot: number;
  /** Which of the scan's lists the object's records are told to. */
  readonly mark: number;
}

/** The selections of a fetch for an object of a known type. Throws Unfit where only the object could tell its type. */
export function objectNode(fetch: number, selections: readonly Selection[], shape: ObjectShape): ObjectNode {
  const fields = selections.map(
    (selection) => new FieldNode(selection.key, fieldValue(fetch, selection, shape)),
  );
  return new ObjectNode(fetch, shape, fields);
}

function fieldValue(fetch: number, selection: Selection, { typename, fields }: ObjectShape): ValueNode {
  const field = fields.find(({ plannedKey }) => plannedKey === selection.key);
  if (selection.isTypename) {
    if (field !== undefined && field.value.kind !== 'typename') throw new Unfit();
    return { kind: 'constant', text: JSON.stringify(typename) };
  }
  return field === undefined ? { kind: 'hidden' } : shapedValue(fetch, field.value, selection.fields);
}

function shapedValue(fetch: number, shape: ValueShape, selections: readonly Selection[] | null): ValueNode {
  const { nonNull } = shape;
  if (shape.kind === 'list')
    return { kind: 'list', nonNull, item: shapedValue(fetch, shape.item, selections) };
  if (shape.kind === 'object' && selections !== null) {
    return { kind: 'object', nonNull, object: objectNode(fetch, selections, shape.shape()) };
  }
  if (shape.kind !== 'leaf' || shape.leaf.form === null) throw new Unfit();
  return { kind: 'leaf', nonNull, form: shape.leaf.form, isKey: false };
}

/** The objects at the path of an entity fetch, in the answers of those before it. */
export function nodeAt(roots: readonly ObjectNode[], path: readonly PathStep[]): ObjectNode {
  let parts = roots;
  let node: ObjectNode | null = null;
  for (const step of path) {
    if (step.kind === 'list') continue;
    if (step.kind === 'types') throw new Unfit();
    const [field, ...others] = parts.flatMap(({ fields }) => fields.filter(({ key }) => key === step.key));
    if (field === undefined || others.length > 0) throw new Unfit();
    node = objectWithin(field.value);
    parts = [node, ...node.joins.map((join) => join.node)];
  }
  if (node === null) throw new Unfit();
  return node;
}

function objectWithin(value: ValueNode): ObjectNode {
  if (value.kind === 'list') return objectWithin(value.item);
  if (value.kind === 'object') return value.object;
  throw new Unfit();
}
