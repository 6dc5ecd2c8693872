import type { LeafForm } from '../leaf.ts';
import type { PathStep } from '../path.ts';
import type { ObjectShape } from '../shape.ts';
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
  /** An object that says itself which of these it is. */
  | { readonly kind: 'abstract'; readonly nonNull: boolean; readonly objects: readonly ObjectNode[] }
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

/**
 * Objects of one type at one path, as one fetch answers them.
 *
 * Its life: built from the fetch's selections (`NodeBuilder`); given joins, and slots for keys, as later fetches are found to
 * be for it (`Compilation`); told fit or not, noted and given its other slots, as the places of the client's answer find it
 * (`rootPlace`); from then on it does not change: it is checked (`checkSlots`), and its scan is compiled, at once or, of an
 * abstract type, when the first of its objects is met.
 */
export class ObjectNode {
  /** Number of the fetch. */
  readonly fetch: number;
  readonly shape: ObjectShape;
  readonly fields: readonly FieldNode[];
  /** Number of the type in the plan, which is in the record then; −1 where there can be no other. */
  readonly type: number;
  /** What other fetches give this object. */
  readonly joins: Join[] = [];
  /** False: such objects need values. */
  fit = true;
  /** True when its positions are noted; false: it goes to the client as it stands, or is not for it. */
  noted = false;
  /** Numbers in its record; the first tells where the record and all below it end. */
  size: number;

  constructor(fetch: number, shape: ObjectShape, fields: readonly FieldNode[], type: number) {
    this.fetch = fetch;
    this.shape = shape;
    this.fields = fields;
    this.type = type;
    this.size = type === -1 ? 1 : typeSlot + 1;
  }

  readonly slot = (): number => this.size++;
}

/** Where the record of an object of an abstract type has the number of its type. */
export const typeSlot = 1;

/** An entity fetch, at one of the objects that it is for. */
export interface Join {
  readonly node: ObjectNode;
  /** In the object's record: the number of its representation. */
  readonly slot: number;
  /** Which of the scan's lists the object's records are told to. */
  readonly mark: number;
  /** Which of the fetch's sources the object is. */
  readonly source: number;
}

/** The objects at the path of an entity fetch, in the answers of those before it, by what they may be. */
export function nodesAt(roots: readonly ObjectNode[], path: readonly PathStep[]): readonly ObjectNode[] {
  let objects: readonly (readonly ObjectNode[])[] = [roots];
  let nodes: ReadonlySet<ObjectNode> = new Set();
  for (const step of path) {
    if (step.kind === 'list') continue;
    if (step.kind === 'types') throw new Unfit();
    nodes = new Set(objects.flatMap((parts) => below(parts, step.key)));
    objects = [...nodes].map(partsOf);
  }
  return [...nodes];
}

export const partsOf = (node: ObjectNode): readonly ObjectNode[] => [
  node,
  ...node.joins.map((join) => join.node),
];

function below(parts: readonly ObjectNode[], key: string): readonly ObjectNode[] {
  const [field, ...others] = parts.flatMap(({ fields }) => fields.filter((each) => each.key === key));
  if (others.length > 0) throw new Unfit();
  return field === undefined ? [] : objectsWithin(field.value);
}

function objectsWithin(value: ValueNode): readonly ObjectNode[] {
  switch (value.kind) {
    case 'list':
      return objectsWithin(value.item);
    case 'object':
      return [value.object];
    case 'abstract':
      return value.objects;
    default:
      throw new Unfit();
  }
}
