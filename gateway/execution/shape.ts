import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLLeafType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { type CompleteObject, compileObject } from './complete.ts';
import { isInheritedKey } from './data.ts';
import { compileLeaf, type Leaf } from './leaf.ts';
import type { ResponseKeys } from './response-keys.ts';
import { SelectionIdentity } from './selection-identity.ts';
import type { TypeRelations } from './types.ts';
import type { Weight } from './weight.ts';

/** What the client's answer holds for objects of one type: the fields, in the order of the answer. */
export interface ObjectShape {
  readonly typename: string;
  readonly fields: readonly FieldShape[];
  readonly complete: CompleteObject;
}

export interface FieldShape {
  /** Response key, in the client's answer. */
  readonly key: string;
  /** The same in the data. */
  readonly plannedKey: string;
  /** Of the key in the data. */
  readonly inherited: boolean;
  /** Type and field, for messages. */
  readonly coordinate: string;
  readonly value: ValueShape;
}

export type ValueShape =
  | { readonly kind: 'leaf'; readonly nonNull: boolean; readonly leaf: Leaf }
  | { readonly kind: 'list'; readonly nonNull: boolean; readonly item: ValueShape }
  | { readonly kind: 'object'; readonly nonNull: boolean; readonly shape: () => ObjectShape }
  | {
      readonly kind: 'abstract';
      readonly nonNull: boolean;
      /** Null for a type that the client must not see here. Without a typename: the fields of the abstract type itself. */
      readonly shapeOf: (typename: string | undefined) => ObjectShape | null;
      /** Object types that clients may see here. */
      readonly possible: () => readonly string[];
      /** True for a type that is possible here, but not for clients. */
      readonly isHidden: (typename: string) => boolean;
    }
  /** `__typename`: known from the type. Null where the data knows only an interface. */
  | { readonly kind: 'typename'; readonly nonNull: true; readonly name: string | null }
  /** `__schema` and `__type`: answered from the API schema, into the data, before the answer is shaped. */
  | { readonly kind: 'introspection'; readonly nonNull: boolean; readonly nodes: readonly FieldNode[] };

export interface ShapeContext {
  /** Of the API. */
  readonly schema: GraphQLSchema;
  /** Of the supergraph. */
  readonly types: TypeRelations;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Coerced values of the variables that `@skip` and `@include` use. */
  readonly conditions: Readonly<Record<string, unknown>>;
  readonly keys: ResponseKeys;
  /** Grows with the shapes. */
  readonly weight: Weight;
}

/**
 * Compiles an operation's selections for one root type. Types below are compiled when the first object of theirs is
 * met, and kept.
 */
export const compileShape = (
  type: GraphQLCompositeType,
  selectionSets: readonly SelectionSetNode[],
  context: ShapeContext,
): ObjectShape => new Shapes(context).of(type, selectionSets);

/** The shapes of one operation: the same selections of one type are one, wherever they are. */
class Shapes {
  readonly context: ShapeContext;
  readonly #identity = new SelectionIdentity();
  readonly #known = new Map<string, ObjectShape>();
  readonly #leaves = new Map<GraphQLLeafType, Leaf>();

  constructor(context: ShapeContext) {
    this.context = context;
  }

  leafOf(type: GraphQLLeafType): Leaf {
    const known = this.#leaves.get(type) ?? compileLeaf(type, this.context.types);
    this.#leaves.set(type, known);
    return known;
  }

  of(type: GraphQLCompositeType, sets: readonly SelectionSetNode[]): ObjectShape {
    const key = `${type.name} ${this.#identity.of(sets)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const shape = shapeOf(type, sets, this);
    this.#known.set(key, shape);
    return shape;
  }
}

function shapeOf(
  type: GraphQLCompositeType,
  selectionSets: readonly SelectionSetNode[],
  shapes: Shapes,
): ObjectShape {
  const { context } = shapes;
  const collected = new Map<string, FieldNode[]>();
  const visited = new Set<string>();
  for (const set of selectionSets) collectFields(type, set, context, collected, visited);
  const fields: FieldShape[] = [];
  for (const [key, nodes] of collected) {
    const value = fieldValue(type, nodes, shapes);
    const [node] = nodes;
    if (value === null || node === undefined) continue;
    // Introspection is not planned.
    const plannedKey = value.kind === 'introspection' ? key : context.keys.plannedKey(key, node);
    const inherited = isInheritedKey(plannedKey);
    fields.push({ key, plannedKey, inherited, coordinate: `${type.name}.${node.name.value}`, value });
  }
  context.weight.add('shape');
  context.weight.add('shapeField', fields.length);
  let complete: CompleteObject | undefined;
  return {
    typename: type.name,
    fields,
    // Who makes answers from texts needs none.
    get complete() {
      complete ??= compileObject(fields, context.weight);
      return complete;
    },
  };
}

function fieldValue(
  type: GraphQLCompositeType,
  nodes: readonly FieldNode[],
  shapes: Shapes,
): ValueShape | null {
  const name = nodes[0]?.name.value;
  if (name === '__typename') {
    return { kind: 'typename', nonNull: true, name: isObjectType(type) ? type.name : null };
  }
  if (name === '__schema' || name === '__type') {
    return { kind: 'introspection', nonNull: name === '__schema', nodes };
  }
  const field: GraphQLField<unknown, unknown> | undefined =
    name === undefined || isUnionType(type) ? undefined : type.getFields()[name];
  return field === undefined ? null : valueShape(field.type, nodes, shapes);
}

function valueShape(type: GraphQLOutputType, nodes: readonly FieldNode[], shapes: Shapes): ValueShape {
  const { context } = shapes;
  const nonNull = isNonNullType(type);
  const inner = nonNull ? type.ofType : type;
  if (isListType(inner)) return { kind: 'list', nonNull, item: valueShape(inner.ofType, nodes, shapes) };
  if (isLeafType(inner)) return { kind: 'leaf', nonNull, leaf: shapes.leafOf(inner) };
  const sets = nodes.flatMap((node) => (node.selectionSet === undefined ? [] : [node.selectionSet]));
  if (isObjectType(inner)) {
    let shape: ObjectShape | undefined;
    return { kind: 'object', nonNull, shape: () => (shape ??= shapes.of(inner, sets)) };
  }
  return {
    kind: 'abstract',
    nonNull,
    shapeOf: shapesByType(inner, sets, shapes),
    possible: () => context.schema.getPossibleTypes(inner).map(({ name }) => name),
    isHidden: (typename) =>
      context.schema.getType(typename) === undefined && context.types.isOfType(typename, inner.name),
  };
}

function shapesByType(
  type: GraphQLCompositeType,
  sets: readonly SelectionSetNode[],
  shapes: Shapes,
): (typename: string | undefined) => ObjectShape | null {
  const { schema, weight } = shapes.context;
  const byType = new Map<string | undefined, ObjectShape | null>();
  return (typename) => {
    const known = byType.get(typename);
    if (known !== undefined) return known;
    const runtime = typename === undefined ? type : schema.getType(typename);
    const shape =
      isCompositeType(runtime) && isWithin(schema, type, runtime) ? shapes.of(runtime, sets) : null;
    // Names that the schema does not have are not kept: a subgraph could invent any number of them.
    if (runtime === undefined) return shape;
    byType.set(typename, shape);
    weight.add('alternative');
    return shape;
  };
}

/** An interface's name is possible as well: a subgraph with an interface object knows no better. */
function isWithin(schema: GraphQLSchema, type: GraphQLCompositeType, runtime: GraphQLCompositeType): boolean {
  if (runtime === type) return true;
  return (
    isAbstractType(type) &&
    (isObjectType(runtime) || isInterfaceType(runtime)) &&
    schema.isSubType(type, runtime)
  );
}

/** The specification's CollectFields, for a type that is known: https://spec.graphql.org/October2021/#CollectFields() */
function collectFields(
  type: GraphQLCompositeType,
  set: SelectionSetNode,
  context: ShapeContext,
  into: Map<string, FieldNode[]>,
  visited: Set<string>,
): void {
  for (const selection of set.selections) {
    if (!isIncluded(selection, context.conditions)) continue;
    if (selection.kind === Kind.FIELD) {
      const key = selection.alias?.value ?? selection.name.value;
      const nodes = into.get(key);
      if (nodes === undefined) into.set(key, [selection]);
      else nodes.push(selection);
      continue;
    }
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      if (fits(type, selection.typeCondition?.name.value, context.schema)) {
        collectFields(type, selection.selectionSet, context, into, visited);
      }
      continue;
    }
    const fragment = context.fragments.get(selection.name.value);
    if (fragment === undefined || visited.has(fragment.name.value)) continue;
    visited.add(fragment.name.value);
    if (fits(type, fragment.typeCondition.name.value, context.schema)) {
      collectFields(type, fragment.selectionSet, context, into, visited);
    }
  }
}

function fits(type: GraphQLCompositeType, condition: string | undefined, schema: GraphQLSchema): boolean {
  if (condition === undefined || condition === type.name) return true;
  const conditional = schema.getType(condition);
  return (
    isAbstractType(conditional) &&
    (isObjectType(type) || isInterfaceType(type)) &&
    schema.isSubType(conditional, type)
  );
}

/** What `@skip` and `@include` say of a selection, for these values of their variables. */
export function isIncluded(selection: SelectionNode, conditions: Readonly<Record<string, unknown>>): boolean {
  for (const directive of selection.directives ?? []) {
    const name = directive.name.value;
    if (name !== 'skip' && name !== 'include') continue;
    const value = directive.arguments?.find((argument) => argument.name.value === 'if')?.value;
    const holds =
      value?.kind === Kind.VARIABLE
        ? conditions[value.name.value] === true
        : value?.kind === Kind.BOOLEAN && value.value;
    if (holds === (name === 'skip')) return false;
  }
  return true;
}
