import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  type ObjectTypeExtensionNode,
  parse,
  type TypeNode,
  valueFromASTUntyped,
} from 'graphql';

/** An object type with its extensions joined. */
export interface ObjectModel {
  readonly name: string;
  readonly node: ObjectTypeDefinitionNode | ObjectTypeExtensionNode;
  readonly fields: ReadonlyMap<string, FieldDefinitionNode>;
  readonly directives: readonly ConstDirectiveNode[];
}

/** The types of a document by name. */
export interface SdlModel {
  readonly objects: ReadonlyMap<string, ObjectModel>;
  readonly enums: ReadonlyMap<string, readonly string[]>;
  readonly inputs: ReadonlyMap<string, ReadonlyMap<string, InputValueDefinitionNode>>;
  /** Interfaces and unions. */
  readonly abstracts: ReadonlySet<string>;
  readonly scalars: ReadonlySet<string>;
  readonly roots: { readonly query: string; readonly mutation: string; readonly subscription: string };
}

/** A type without its wrappers: `[Flight!]!` is a non-null list whose item is a non-null Flight. */
export interface TypeShape {
  /** Of the innermost type. */
  readonly name: string;
  readonly nonNull: boolean;
  readonly item: TypeShape | null;
}

export const modelOf = (document: DocumentNode): SdlModel => {
  const objects = new Map<string, ObjectModel>();
  const enums = new Map<string, readonly string[]>();
  const inputs = new Map<string, ReadonlyMap<string, InputValueDefinitionNode>>();
  const abstracts = new Set<string>();
  const scalars = new Set(['ID', 'String', 'Int', 'Float', 'Boolean']);
  const roots = { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' };
  for (const node of document.definitions) {
    switch (node.kind) {
      case Kind.OBJECT_TYPE_DEFINITION:
      case Kind.OBJECT_TYPE_EXTENSION:
        objects.set(node.name.value, joined(objects.get(node.name.value), node));
        break;
      case Kind.ENUM_TYPE_DEFINITION:
      case Kind.ENUM_TYPE_EXTENSION: {
        const values = (node.values ?? []).map(({ name }) => name.value);
        enums.set(node.name.value, [...(enums.get(node.name.value) ?? []), ...values]);
        break;
      }
      case Kind.INPUT_OBJECT_TYPE_DEFINITION:
      case Kind.INPUT_OBJECT_TYPE_EXTENSION:
        inputs.set(
          node.name.value,
          new Map([...(inputs.get(node.name.value) ?? []), ...byName(node.fields ?? [])]),
        );
        break;
      case Kind.INTERFACE_TYPE_DEFINITION:
      case Kind.INTERFACE_TYPE_EXTENSION:
      case Kind.UNION_TYPE_DEFINITION:
      case Kind.UNION_TYPE_EXTENSION:
        abstracts.add(node.name.value);
        break;
      case Kind.SCALAR_TYPE_DEFINITION:
      case Kind.SCALAR_TYPE_EXTENSION:
        scalars.add(node.name.value);
        break;
      case Kind.SCHEMA_DEFINITION:
      case Kind.SCHEMA_EXTENSION:
        for (const { operation, type } of node.operationTypes ?? []) roots[operation] = type.name.value;
        break;
    }
  }
  return { objects, enums, inputs, abstracts, scalars, roots };
};

const joined = (
  known: ObjectModel | undefined,
  node: ObjectTypeDefinitionNode | ObjectTypeExtensionNode,
): ObjectModel => ({
  name: node.name.value,
  node: known?.node ?? node,
  fields: new Map([...(known?.fields ?? []), ...byName(node.fields ?? [])]),
  directives: [...(known?.directives ?? []), ...(node.directives ?? [])],
});

const byName = <Node extends { readonly name: { readonly value: string } }>(
  nodes: readonly Node[],
): readonly (readonly [string, Node])[] => nodes.map((node) => [node.name.value, node] as const);

export const shapeOf = (type: TypeNode, nonNull = false): TypeShape => {
  if (type.kind === Kind.NON_NULL_TYPE) return shapeOf(type.type, true);
  if (type.kind === Kind.NAMED_TYPE) return { name: type.name.value, nonNull, item: null };
  const item = shapeOf(type.type);
  return { name: item.name, nonNull, item };
};

export const directiveOf = (
  node: { readonly directives?: readonly ConstDirectiveNode[] | undefined },
  name: string,
): ConstDirectiveNode | undefined => node.directives?.find((directive) => directive.name.value === name);

/** The value of a directive's argument as plain data; enum values are their names, undefined when not given. */
export const argumentValue = (directive: ConstDirectiveNode, name: string): unknown => {
  const given = directive.arguments?.find((argument) => argument.name.value === name);
  return given === undefined ? undefined : valueFromASTUntyped(given.value);
};

export const textArgument = (directive: ConstDirectiveNode, name: string): string | null => {
  const value = argumentValue(directive, name);
  return typeof value === 'string' ? value : null;
};

/** A list of texts; GraphQL takes a single value for a list of one. */
export const textsArgument = (directive: ConstDirectiveNode, name: string): readonly string[] => {
  const value = argumentValue(directive, name);
  return (Array.isArray(value) ? value : [value]).filter((entry) => typeof entry === 'string');
};

/** One `@key` of an entity. */
export interface EntityKey {
  /** Null when it selects fields of objects, which no record key can hold. */
  readonly fields: readonly string[] | null;
  readonly resolvable: boolean;
  readonly node: ConstDirectiveNode;
}

export const entityKeysOf = (type: ObjectModel): readonly EntityKey[] =>
  type.directives
    .filter(({ name }) => name.value === 'key' || name.value === 'federation__key')
    .map((node) => ({
      fields: flatSelection(textArgument(node, 'fields') ?? ''),
      resolvable: argumentValue(node, 'resolvable') !== false,
      node,
    }));

const flatSelection = (text: string): readonly string[] | null => {
  try {
    const [operation] = parse(`{ ${text} }`, { noLocation: true }).definitions;
    if (operation?.kind !== Kind.OPERATION_DEFINITION) return null;
    const { selections } = operation.selectionSet;
    const fields = selections.flatMap((field) =>
      field.kind === Kind.FIELD && field.selectionSet === undefined ? [field.name.value] : [],
    );
    return fields.length === selections.length ? fields : null;
  } catch {
    // Federation tells of a key that is no selection; here it only holds nothing.
    return null;
  }
};
