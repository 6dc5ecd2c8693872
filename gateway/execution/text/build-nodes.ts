import type { ObjectShape, ValueShape } from '../shape.ts';
import type { TypeRelations } from '../types.ts';
import type { Weight } from '../weight.ts';
import { FieldNode, ObjectNode, type ValueNode } from './nodes.ts';
import { FetchDocument, type Selection, type Sets } from './selection.ts';
import { Unfit } from './unfit.ts';

/**
 * Objects and fields of a plan. Of an interface with sixty types a few thousand characters can ask for a hundred thousand,
 * all of which are compiled before the first answer: that took a second and 70 MB, and operations are kept by the thousand.
 */
const maximumNodes = 4000;

/** What all fetches of a plan share. */
export class PlanNodes {
  readonly types: TypeRelations;
  readonly #numbers = new Map<string, number>();
  #objects = 0;
  #fields = 0;

  constructor(types: TypeRelations) {
    this.types = types;
  }

  numberOf(typename: string): number {
    const number = this.#numbers.get(typename) ?? this.#numbers.size;
    this.#numbers.set(typename, number);
    return number;
  }

  get tooMany(): boolean {
    return this.#objects + this.#fields > maximumNodes;
  }

  weigh(weight: Weight): void {
    weight.add('textObject', this.#objects);
    weight.add('textField', this.#fields);
  }

  /** An object with so many fields. Throws Unfit when there are too many. */
  count(fields: number): void {
    this.#objects += 1;
    this.#fields += fields;
    if (this.tooMany) throw new Unfit();
  }
}

/** Where an object stands. */
interface Position {
  /** Response keys from the root of the fetch. */
  readonly path: string;
  /** What the subgraph takes the object for. */
  readonly told: string;
  /** True where objects of other types may stand. */
  readonly isAbstract: boolean;
}

/**
 * Reads what a fetch asks, together with what the client gets of it. What is asked the same way at one path is one node: an
 * entity in two of them is one representation all the same.
 */
export class NodeBuilder {
  readonly #fetch: number;
  readonly #document: FetchDocument;
  readonly #plan: PlanNodes;
  readonly #known = new Map<ObjectShape, Map<string, ObjectNode>>();

  constructor(fetch: number, query: string, plan: PlanNodes) {
    this.#fetch = fetch;
    this.#document = new FetchDocument(query, plan.types);
    this.#plan = plan;
  }

  /** Throws Unfit, as `entity`, for what answers cannot be shaped with from text to text. */
  root(shape: ObjectShape): ObjectNode {
    const position = { path: '', told: shape.typename, isAbstract: false };
    return this.#object(this.#document.root(), shape, position);
  }

  /** For an entity that its subgraph is told to be a `told`: with an interface object, the interface's name. */
  entity(shape: ObjectShape, told: string): ObjectNode {
    return this.#object(this.#document.entities(), shape, { path: '', told, isAbstract: false });
  }

  #object(sets: Sets, shape: ObjectShape, position: Position): ObjectNode {
    const { path, told, isAbstract } = position;
    const key = `${path} ${told} ${isAbstract} ${this.#document.identityOf(sets)}`;
    const alike = this.#known.get(shape) ?? new Map<string, ObjectNode>();
    this.#known.set(shape, alike);
    const known = alike.get(key);
    if (known !== undefined) return known;
    const selected = this.#document.fieldsOf(sets, told);
    this.#plan.count(selected.length);
    const fields = selected.map(
      (selection) => new FieldNode(selection.key, this.#field(selection, shape, position)),
    );
    const type = isAbstract ? this.#plan.numberOf(shape.typename) : -1;
    const node = new ObjectNode(this.#fetch, shape, fields, type);
    alike.set(key, node);
    return node;
  }

  #field({ key, isTypename, sets }: Selection, { fields }: ObjectShape, { path, told }: Position): ValueNode {
    const field = fields.find(({ plannedKey }) => plannedKey === key);
    if (isTypename) {
      if (field !== undefined && field.value.kind !== 'typename') throw new Unfit();
      return { kind: 'constant', text: JSON.stringify(told) };
    }
    return field === undefined ? { kind: 'hidden' } : this.#value(field.value, sets, `${path}.${key}`);
  }

  #value(shape: ValueShape, sets: Sets | null, path: string): ValueNode {
    const { nonNull } = shape;
    if (shape.kind === 'list') return { kind: 'list', nonNull, item: this.#value(shape.item, sets, path) };
    if (shape.kind === 'leaf' && shape.leaf.form !== null) {
      return { kind: 'leaf', nonNull, form: shape.leaf.form, isKey: false };
    }
    if (sets === null) throw new Unfit();
    if (shape.kind === 'object') {
      const inner = shape.shape();
      const position = { path, told: inner.typename, isAbstract: false };
      return { kind: 'object', nonNull, object: this.#object(sets, inner, position) };
    }
    if (shape.kind !== 'abstract') throw new Unfit();
    const objects = shape.possible().flatMap((typename) => {
      // Shapes are kept as well, so none is compiled for nothing.
      if (this.#plan.tooMany) throw new Unfit();
      const inner = shape.shapeOf(typename);
      return inner === null ? [] : this.#alternative(sets, inner, path);
    });
    if (objects.length === 0) throw new Unfit();
    return { kind: 'abstract', nonNull, objects };
  }

  /** None for a type whose objects cannot be told, or need values: an answer that has some is run on values. */
  #alternative(sets: Sets, shape: ObjectShape, path: string): readonly ObjectNode[] {
    const [first] = this.#document.fieldsOf(sets, shape.typename);
    if (first?.key !== '__typename' || !first.isTypename) return [];
    return (
      unlessUnfit(() => [this.#object(sets, shape, { path, told: shape.typename, isAbstract: true })]) ?? []
    );
  }
}

/** Null for what is not fit to go from text to text. */
export function unlessUnfit<T>(make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof Unfit) return null;
    throw error;
  }
}
