import { type GraphQLLeafType, GraphQLScalarType, isEnumType } from 'graphql';

/** Completes a value that is neither null nor undefined. Throws when the type cannot hold it. */
export type CompleteLeaf = (value: unknown) => unknown;

export interface Leaf {
  /** As graphql-js serialises (https://spec.graphql.org/October2021/#CoerceResult()), and no hidden value of an enum. */
  readonly complete: CompleteLeaf;
  /**
   * For what subgraphs send as a rule: a condition in JavaScript that holds for values which stay as they are. `value` is
   * the name of the value in it, `known` that of the set of the enum's names. It holds for no null.
   */
  readonly isPlain: (value: string, known: string) => string;
  /** Of an enum the values of the API schema; others are not for clients. Empty for scalars. */
  readonly names: ReadonlySet<unknown>;
}

export function compileLeaf(type: GraphQLLeafType): Leaf {
  if (isEnumType(type)) {
    const names = new Set<unknown>(type.getValues().map((value) => value.name));
    const complete: CompleteLeaf = (value) => {
      if (names.has(value)) return value;
      throw new TypeError('hidden or unknown');
    };
    return { complete, names, isPlain: (value, known) => `${known}.has(${value})` };
  }
  return { complete: (value) => type.serialize(value), names: new Set(), isPlain: plainScalar(type) };
}

/** What a scalar does that was built from SDL and nothing else: it lets everything through. */
const { serialize: letThrough } = new GraphQLScalarType({ name: 'Any' });

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
