import { createHash } from 'node:crypto';
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type OperationTypeNode,
  print,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/** An operation as usage counts it: without what differs from one request to the next. */
export interface OperationSignature {
  readonly kind: OperationTypeNode;
  /** Null: anonymous. Cut to 200 characters. */
  readonly name: string | null;
  /** SHA-256, in hex, of the operation and its fragments as graphql-js prints them, each literal replaced by `null`. */
  readonly hash: string;
  /** `Type.field` of the API schema, sorted, each once; without introspection. */
  readonly fields: readonly string[];
}

const maximumNameLength = 200;

const signatures = new WeakMap<OperationDefinitionNode, OperationSignature>();

/**
 * The signature of an operation of a valid document; computed once for each parsed document, which both transports keep
 * by its text and for one schema.
 */
export const signatureOf = (
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): OperationSignature => {
  const known = signatures.get(operation);
  if (known !== undefined) return known;
  const alone: DocumentNode = {
    kind: Kind.DOCUMENT,
    definitions: [operation, ...fragmentsOf(operation, document)],
  };
  const signature = {
    kind: operation.operation,
    name: operation.name?.value.slice(0, maximumNameLength) ?? null,
    hash: createHash('sha256')
      .update(print(withoutLiterals(alone)))
      .digest('hex'),
    fields: fieldsOf(schema, alone),
  };
  signatures.set(operation, signature);
  return signature;
};

/** Fragments that the operation spreads, directly or not, sorted: their order in the document says nothing. */
const fragmentsOf = (
  operation: OperationDefinitionNode,
  { definitions }: DocumentNode,
): readonly FragmentDefinitionNode[] => {
  const all = new Map(
    definitions
      .filter((node) => node.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  );
  const found = new Map<string, FragmentDefinitionNode>();
  const pending: (OperationDefinitionNode | FragmentDefinitionNode)[] = [operation];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    visit(node, {
      FragmentSpread: ({ name: { value: name } }) => {
        const fragment = all.get(name);
        if (fragment === undefined || found.has(name)) return;
        found.set(name, fragment);
        pending.push(fragment);
      },
    });
  }
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, fragment]) => fragment);
};

const literal = { kind: Kind.NULL } as const;

/** A literal may be a name or a token; and the same operation with other ones is the same to who reviews a schema. */
const withoutLiterals = (document: DocumentNode): DocumentNode =>
  visit(document, {
    Argument: (node) => (node.value.kind === Kind.VARIABLE ? undefined : { ...node, value: literal }),
    VariableDefinition: ({ description: _, ...node }) =>
      node.defaultValue === undefined ? node : { ...node, defaultValue: literal },
    OperationDefinition: ({ description: _, ...node }) => node,
    FragmentDefinition: ({ description: _, ...node }) => node,
  });

const fieldsOf = (schema: GraphQLSchema, document: DocumentNode): readonly string[] => {
  const fields = new Set<string>();
  const types = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(types, {
      Field: ({ name: { value: name } }) => {
        const parent = types.getParentType()?.name;
        if (parent === undefined || parent.startsWith('__') || name.startsWith('__')) return;
        fields.add(`${parent}.${name}`);
      },
    }),
  );
  return [...fields].toSorted();
};
