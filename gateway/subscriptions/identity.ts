import { createHash } from 'node:crypto';
import {
  type ArgumentNode,
  type ASTNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  print,
  type SelectionSetNode,
  type ValueNode,
  valueFromASTUntyped,
  visit,
} from 'graphql';

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;
type Variables = Readonly<Record<string, unknown>>;

/** An operation as its identity sees it: without the position, unused fragments and unused variables (S15). */
export interface NormalisedOperation {
  readonly document: DocumentNode;
  readonly text: string;
  readonly operation: OperationDefinitionNode;
  readonly name: string | null;
  /** Name of the root field, for messages. */
  readonly field: string;
  /** The argument that gives the position (S7), and its value if given; null where the field has none. */
  readonly position: { readonly argument: string; readonly value: ValueNode | null } | null;
}

/** Normalises a subscription that is valid for the schema. */
export const normalise = (
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): NormalisedOperation => {
  const all: Fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );
  const roots = rootFields(operation.selectionSet, all);
  const field = roots[0]?.name.value ?? '';
  const argument = positionArgument(schema, field);
  const given = roots.flatMap((root) => argumentOf(root, argument))[0] ?? null;
  const strip = <T extends ASTNode>(node: T): T => withRoots(node, roots, (root) => without(root, argument));
  const fragments = usedFragments(operation, all).map(strip).sort(byName);
  const stripped = strip(operation);
  const used = new Set([stripped, ...fragments].flatMap(variablesIn));
  const definitions = (operation.variableDefinitions ?? [])
    .filter((definition) => used.has(definition.variable.name.value))
    .sort((a, b) => byText(a.variable.name.value, b.variable.name.value));
  const normal: OperationDefinitionNode = { ...stripped, variableDefinitions: definitions };
  const normalDocument: DocumentNode = { kind: Kind.DOCUMENT, definitions: [normal, ...fragments] };
  return {
    document: normalDocument,
    text: print(normalDocument),
    operation: normal,
    name: operation.name?.value ?? null,
    field,
    position: argument === null ? null : { argument, value: given?.value ?? null },
  };
};

/** The values that travel upstream: those of the operation's own variables, defaults filled in. */
export const operationVariables = (operation: OperationDefinitionNode, given: Variables): Variables => {
  const variables: Record<string, unknown> = {};
  for (const { variable, defaultValue } of operation.variableDefinitions ?? []) {
    const name = variable.name.value;
    if (given[name] !== undefined) variables[name] = given[name];
    else if (defaultValue !== undefined) variables[name] = valueFromASTUntyped(defaultValue);
  }
  return variables;
};

/** Clients with the same key share one upstream. The generation is no part of it: operations outlive theirs (S19). */
export const identityKey = (operation: NormalisedOperation, variables: Variables): string =>
  createHash('sha256')
    .update(JSON.stringify([operation.name, operation.text, canonical(variables)]))
    .digest('base64url');

/** The operation with a position written in: for a private upstream that begins at a time or at the start. */
export const withPosition = (
  normalised: NormalisedOperation,
  argument: string,
  text: string,
): DocumentNode => {
  const { document, operation } = normalised;
  const fragments: Fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );
  const node: ArgumentNode = {
    kind: Kind.ARGUMENT,
    name: { kind: Kind.NAME, value: argument },
    value: { kind: Kind.STRING, value: text },
  };
  return withRoots(document, rootFields(operation.selectionSet, fragments), (root) => ({
    ...root,
    arguments: [...(root.arguments ?? []), node],
  }));
};

/** The root field, as often as it is written: fields of one response key may stand in several fragments. */
const rootFields = (set: SelectionSetNode, fragments: Fragments, seen = new Set<string>()): FieldNode[] =>
  set.selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection];
    if (selection.kind === Kind.INLINE_FRAGMENT) return rootFields(selection.selectionSet, fragments, seen);
    const fragment = fragments.get(selection.name.value);
    if (fragment === undefined || seen.has(selection.name.value)) return [];
    seen.add(selection.name.value);
    return rootFields(fragment.selectionSet, fragments, seen);
  });

const withRoots = <T extends ASTNode>(
  node: T,
  roots: readonly FieldNode[],
  change: (root: FieldNode) => FieldNode,
): T => visit(node, { Field: { enter: (field) => (roots.includes(field) ? change(field) : undefined) } });

/** The root field's argument of type Cursor; one that is required cannot be left out, so it is none of ours. */
export const positionArgument = (schema: GraphQLSchema, field: string): string | null =>
  schema
    .getSubscriptionType()
    ?.getFields()
    [field]?.args.find((argument) => String(argument.type) === 'Cursor')?.name ?? null;

const argumentOf = (field: FieldNode, name: string | null): ArgumentNode[] =>
  (field.arguments ?? []).filter((argument) => argument.name.value === name);

const without = (field: FieldNode, name: string | null): FieldNode => ({
  ...field,
  arguments: (field.arguments ?? []).filter((argument) => argument.name.value !== name),
});

const usedFragments = (operation: OperationDefinitionNode, all: Fragments): FragmentDefinitionNode[] => {
  const used = new Set<FragmentDefinitionNode>();
  const collect = (node: ASTNode): void => {
    visit(node, {
      FragmentSpread: (spread) => {
        const fragment = all.get(spread.name.value);
        if (fragment === undefined || used.has(fragment)) return;
        used.add(fragment);
        collect(fragment);
      },
    });
  };
  collect(operation);
  return [...used];
};

/** Variables in the body of an operation or fragment; their definitions do not count. */
const variablesIn = (node: OperationDefinitionNode | FragmentDefinitionNode): string[] => {
  const names: string[] = [];
  visit(node, {
    VariableDefinition: () => false,
    Variable: (variable) => {
      names.push(variable.name.value);
    },
  });
  return names;
};

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byName = (a: FragmentDefinitionNode, b: FragmentDefinitionNode): number =>
  byText(a.name.value, b.name.value);

/** Objects with sorted keys, so that the order in which a client writes them does not matter. */
const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, canonical(inner)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => byText(a, b)));
};
