import { type GraphQLLeafType, isEnumType } from 'graphql';

/** Completes a value that is neither null nor undefined. Throws when the type cannot hold it. */
export type CompleteLeaf = (value: unknown) => unknown;

/**
 * As graphql-js serialises (https://spec.graphql.org/October2021/#CoerceResult()), with a short way for what subgraphs
 * send as a rule. Of an enum only the values of the API schema pass: a hidden one is not for clients.
 */
export function compileLeaf(type: GraphQLLeafType): CompleteLeaf {
  if (isEnumType(type)) {
    const names = new Set<unknown>(type.getValues().map((value) => value.name));
    return (value) => {
      if (names.has(value)) return value;
      throw new TypeError('hidden or unknown');
    };
  }
  const serialize: CompleteLeaf = (value) => type.serialize(value);
  switch (type.name) {
    case 'ID':
    case 'String':
      return (value) => (typeof value === 'string' ? value : serialize(value));
    case 'Boolean':
      return (value) => (typeof value === 'boolean' ? value : serialize(value));
    default:
      return serialize;
  }
}
