import {
  executeSync,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
} from 'graphql';
import { type Data, setOwn } from './data.ts';
import type { ObjectShape } from './shape.ts';

export interface Introspection {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: readonly FragmentDefinitionNode[];
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Answers `__schema` and `__type` of the root into `data`, by graphql-js over the API schema; subgraphs are not asked. */
export function introspectInto(data: Data, root: ObjectShape, introspection: Introspection): void {
  if (!root.fields.some(({ value }) => value.kind === 'introspection')) return;
  const nodes = root.fields.flatMap(({ value }) => (value.kind === 'introspection' ? value.nodes : []));
  const { operation, fragments, schema, variables } = introspection;
  const selectionSet = { kind: Kind.SELECTION_SET, selections: nodes } as const;
  const result = executeSync({
    schema,
    document: { kind: Kind.DOCUMENT, definitions: [{ ...operation, selectionSet }, ...fragments] },
    variableValues: variables,
  });
  for (const [key, value] of Object.entries(result.data ?? {})) setOwn(data, key, value);
}
