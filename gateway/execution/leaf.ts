import { type GraphQLLeafType, GraphQLScalarType, isEnumType } from 'graphql';
import type { TypeRelations } from './types.ts';

/** Completes a value that is neither null nor undefined. Throws when the type cannot hold it. */
export type CompleteLeaf = (value: unknown) => unknown;

export interface Leaf {
  /** As graphql-js serialises (https://spec.graphql.org/October2021/#CoerceResult()), and no hidden value of an enum. */
  readonly complete: CompleteLeaf;
  /** True for a value that the type has, but not for clients. */
  readonly isHidden: (value: unknown) => boolean;
  /**
   * For what subgraphs send as a rule: a condition in JavaScript that holds for values which stay as they are. `value` is
   * the name of the value in it, `known` that of the set of the enum's names. It holds for no null.
   */
  readonly isPlain: (value: string, known: string) => string;
  /** How values that stay as they are stand in JSON: of an enum its names. Null where only the value can tell. */
  readonly form: LeafForm | null;
  /** Of an enum the values of the API schema; others are not for clients. Empty for scalars. */
  readonly names: ReadonlySet<unknown>;
}

/** `any`: whatever is not null. */
export type LeafForm = 'string' | 'int' | 'float' | 'boolean' | 'any' | ReadonlySet<string>;

export function compileLeaf(type: GraphQLLeafType, types: TypeRelations): Leaf {
  if (isEnumType(type)) {
    const form = new Set(type.getValues().map((value) => value.name));
    const names: ReadonlySet<unknown> = form;
    const complete: CompleteLeaf = (value) => {
      if (names.has(value)) return value;
      throw new TypeError('hidden or unknown');
    };
    return {
      complete,
      isHidden: (value) => types.hasValue(type.name, value) && !names.has(value),
      names,
      form,
      isPlain: (value, known) => `${known}.has(${value})`,
    };
  }
  return {
    complete: (value) => type.serialize(value),
    isHidden: () => false,
    names: new Set(),
    form: formOf(type),
    isPlain: plainScalar(type),
  };
}

/** What a scalar does that was built from SDL and nothing else: it lets everything through. */
const { serialize: letThrough } = new GraphQLScalarType({ name: 'Any' });

function formOf(type: GraphQLScalarType): LeafForm | null {
  if (type.serialize === letThrough) return 'any';
  return forms.get(type.name) ?? null;
}

const forms = new Map<string, LeafForm>([
  ['ID', 'string'],
  ['String', 'string'],
  ['Boolean', 'boolean'],
  ['Int', 'int'],
  ['Float', 'float'],
]);

function plainScalar(type: GraphQLScalarType): Leaf['isPlain'] {
  if (type.serialize === letThrough) return (value) => `(${value} !== undefined && ${value} !== null)`;
  switch (type.name) {
    case 'ID':
    case 'String':
      return (value) => `typeof ${value} === 'string'`;
    case 'Boolean':
      return (value) => `typeof ${value} === 'boolean'`;
    case 'Int':
      return (value) => `(typeof ${value} === 'number' && (${value} | 0) === ${value})`;
    case 'Float':
      // JSON can hold numbers that become infinite.
      return (value) => `(typeof ${value} === 'number' && ${value} - ${value} === 0)`;
    default:
      return () => 'false';
  }
}
