import {
  type DocumentNode,
  type FieldNode,
  type GraphQLField,
  type GraphQLSchema,
  getArgumentValues,
  getNamedType,
  getOperationAST,
  getVariableValues,
  specifiedRules,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
} from 'graphql';

type Values = Readonly<Record<string, unknown>>;

/** An operation that is valid by the schema which it comes from. */
export interface ComparedOperation {
  /** One operation and the fragments that it uses. */
  readonly document: DocumentNode;
  readonly variables: Values;
}

/**
 * Why an operation does not mean the same by another schema, in a sentence for clients; null: it does (S19). It does when
 * all that it selects keeps type and nullability, and all that it gives, defaults included, arrives as the same value.
 * What may come besides (another enum value, another type of a union or interface) is part of what a client has to expect.
 */
export const changeOfMeaning = (
  operation: ComparedOperation,
  before: GraphQLSchema,
  after: GraphQLSchema,
): string | null => {
  const [error] = validate(after, operation.document, specifiedRules, { maxErrors: 1 });
  if (error !== undefined) return error.message;
  const variables = { before: coerced(operation, before), after: coerced(operation, after) };
  if (typeof variables.after === 'string') return variables.after;
  if (typeof variables.before === 'string') return variables.before;
  const given = { before: variables.before, after: variables.after };
  const types = { before: new TypeInfo(before), after: new TypeInfo(after) };
  let change: string | null = null;
  const compare = (node: FieldNode): void => {
    const [was, is] = [types.before.getFieldDef(), types.after.getFieldDef()];
    if (change !== null || !was || !is) return;
    const coordinate = `${types.before.getParentType()?.name}.${was.name}`;
    change = changedType(coordinate, was, is) ?? changedArgument(coordinate, node, was, is, given);
  };
  visit(
    operation.document,
    visitWithTypeInfo(types.before, visitWithTypeInfo(types.after, { Field: compare })),
  );
  return change;
};

/** The values of the operation's variables; a text says why they do not fit. */
const coerced = ({ document, variables }: ComparedOperation, schema: GraphQLSchema): Values | string => {
  const definitions = getOperationAST(document)?.variableDefinitions ?? [];
  const { coerced: values, errors } = getVariableValues(schema, definitions, variables, { maxErrors: 1 });
  return values ?? errors[0]?.message ?? 'The variables do not fit.';
};

type Field = GraphQLField<unknown, unknown>;

const changedType = (coordinate: string, was: Field, is: Field): string | null => {
  if (String(was.type) !== String(is.type))
    return `Field "${coordinate}" was ${String(was.type)} and is ${String(is.type)}.`;
  const [kindBefore, kindNow] = [kindOf(was), kindOf(is)];
  return kindBefore === kindNow
    ? null
    : `Type "${getNamedType(is.type).name}" was ${kindBefore} and is ${kindNow}.`;
};

/** Such as GraphQLObjectType. */
const kindOf = ({ type }: Field): string => getNamedType(type)[Symbol.toStringTag];

const changedArgument = (
  coordinate: string,
  node: FieldNode,
  was: Field,
  is: Field,
  variables: { readonly before: Values; readonly after: Values },
): string | null => {
  const before = getArgumentValues(was, node, variables.before);
  const after = getArgumentValues(is, node, variables.after);
  const changed = Object.keys(before).find((name) => !keeps(before[name], after[name]));
  return changed === undefined
    ? null
    : `Argument "${changed}" of "${coordinate}" has another value or default.`;
};

/** True when all of the one value is in the other. What is new beside it, such as an input field with a default, is an addition. */
const keeps = (was: unknown, is: unknown): boolean => {
  if (typeof was !== 'object' || was === null || typeof is !== 'object' || is === null)
    return Object.is(was, is);
  if (Array.isArray(was) || Array.isArray(is)) {
    return (
      Array.isArray(was) &&
      Array.isArray(is) &&
      was.length === is.length &&
      was.every((item, index) => keeps(item, is[index]))
    );
  }
  return Object.entries(was).every(([name, value]) => keeps(value, (is as Values)[name]));
};
