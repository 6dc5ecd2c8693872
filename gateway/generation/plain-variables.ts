import { type GraphQLSchema, isEnumType, Kind, type TypeNode, type VariableDefinitionNode } from 'graphql';

type Variables = Readonly<Record<string, unknown>>;

/**
 * True for variables that graphql-js would accept and leave as they are: leaves of the types that they should have. Most
 * requests have no others, and the way through getVariableValues costs as much as a small join. False: go that way.
 */
export function plainVariables(
  schema: GraphQLSchema,
  definitions: readonly VariableDefinitionNode[],
): (variables: Variables) => boolean {
  const checks = definitions.map((definition) => compileCheck(schema, definition));
  return (variables) => checks.every((check) => check(variables));
}

function compileCheck(
  schema: GraphQLSchema,
  { variable, type, defaultValue }: VariableDefinitionNode,
): (variables: Variables) => boolean {
  const name = variable.name.value;
  const nullable = type.kind !== Kind.NON_NULL_TYPE;
  const isPlain = plainLeaf(schema, type.kind === Kind.NON_NULL_TYPE ? type.type : type);
  return (variables) => {
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (value === undefined) return nullable && defaultValue === undefined;
    return value === null ? nullable : isPlain(value);
  };
}

function plainLeaf(schema: GraphQLSchema, type: TypeNode): (value: unknown) => boolean {
  if (type.kind !== Kind.NAMED_TYPE) return () => false;
  switch (type.name.value) {
    case 'ID':
    case 'String':
      return (value) => typeof value === 'string';
    case 'Boolean':
      return (value) => typeof value === 'boolean';
    case 'Int':
      return (value) => typeof value === 'number' && (value | 0) === value;
    case 'Float':
      return (value) => Number.isFinite(value);
  }
  const known = schema.getType(type.name.value);
  if (!isEnumType(known)) return () => false;
  const names = new Set<unknown>(known.getValues().map((value) => value.name));
  return (value) => names.has(value);
}
