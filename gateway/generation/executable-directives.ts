import {
  type ConstDirectiveNode,
  type ConstValueNode,
  type DirectiveDefinitionNode,
  type DirectiveNode,
  type DocumentNode,
  type GraphQLSchema,
  isSpecifiedDirective,
  Kind,
  visit,
} from 'graphql';

const executable: ReadonlySet<string> = new Set([
  'QUERY',
  'MUTATION',
  'SUBSCRIPTION',
  'FIELD',
  'FRAGMENT_DEFINITION',
  'FRAGMENT_SPREAD',
  'INLINE_FRAGMENT',
  'VARIABLE_DEFINITION',
]);

/**
 * The supergraph with the directives that clients may use, also where composition got them by `@composeDirective`.
 *
 * @apollo/federation-internals 2.14.4 leaves out of the API schema whatever a `@link` brings, for most of that is not for
 * clients. A specification with directives for operations loses its `@link` here: they are then as those that every
 * subgraph defines. Its other directives, and their uses, go as before.
 */
export function withExecutableDirectives(supergraph: DocumentNode): DocumentNode {
  const definitions = supergraph.definitions.filter((node) => node.kind === Kind.DIRECTIVE_DEFINITION);
  const links = linksOf(supergraph).filter((link) =>
    definitions.some((definition) => brings(link, definition.name.value) && isExecutable(definition)),
  );
  if (links.length === 0) return supergraph;
  const isBrought = (name: string): boolean => links.some((link) => brings(link, name));
  return visit(supergraph, {
    Directive: (node) =>
      links.some((link) => link.node === node) || isBrought(node.name.value) ? null : undefined,
    DirectiveDefinition: (node) => {
      if (!isBrought(node.name.value)) return undefined;
      const locations = node.locations.filter(({ value }) => executable.has(value));
      return locations.length === 0 ? null : { ...node, locations };
    },
  });
}

const isExecutable = ({ locations }: DirectiveDefinitionNode): boolean =>
  locations.some(({ value }) => executable.has(value));

/** A use of `@link` on the schema: https://specs.apollo.dev/link/v1.0 */
interface Link {
  readonly node: ConstDirectiveNode;
  /** Names of directives that it brings, besides those that begin with the namespace. */
  readonly imports: ReadonlySet<string>;
  readonly namespace: string;
}

const brings = ({ imports, namespace }: Link, name: string): boolean =>
  imports.has(name) || name === namespace || name.startsWith(`${namespace}__`);

function linksOf({ definitions }: DocumentNode): Link[] {
  return definitions
    .filter((node) => node.kind === Kind.SCHEMA_DEFINITION || node.kind === Kind.SCHEMA_EXTENSION)
    .flatMap(({ directives = [] }) => directives.filter(({ name }) => name.value === 'link'))
    .map((node) => {
      const given = argumentsOf(node.arguments);
      return {
        node,
        imports: new Set(importsOf(given.get('import'))),
        namespace: textOf(given.get('as')) ?? nameIn(textOf(given.get('url')) ?? ''),
      };
    });
}

/** `access` of `https://specs.example/access/v1.0`. */
const nameIn = (url: string): string => /([^/]+?)(?:\/v\d+\.\d+)?\/*$/.exec(url)?.[1] ?? '';

function importsOf(list: ConstValueNode | undefined): string[] {
  const names = (list?.kind === Kind.LIST ? list.values : []).map((item) => {
    if (item.kind !== Kind.OBJECT) return textOf(item);
    const given = argumentsOf(item.fields);
    return textOf(given.get('as')) ?? textOf(given.get('name'));
  });
  return names.flatMap((name) => (name?.startsWith('@') ? [name.slice(1)] : []));
}

type Given = { readonly name: { readonly value: string }; readonly value: ConstValueNode };

const argumentsOf = (given: readonly Given[] = []): ReadonlyMap<string, ConstValueNode> =>
  new Map(given.map(({ name, value }) => [name.value, value]));

const textOf = (value: ConstValueNode | undefined): string | undefined =>
  value?.kind === Kind.STRING ? value.value : undefined;

/**
 * The operation with the defaults of the API schema in its directives: a subgraph may require an argument for which
 * another one has a default.
 */
export function withDirectiveDefaults(document: DocumentNode, apiSchema: GraphQLSchema): DocumentNode {
  if (apiSchema.getDirectives().every(isSpecifiedDirective)) return document;
  return visit(document, { Directive: (node) => withDefaults(node, apiSchema) });
}

function withDefaults(node: DirectiveNode, apiSchema: GraphQLSchema): DirectiveNode {
  const given = node.arguments ?? [];
  const missing = (apiSchema.getDirective(node.name.value)?.astNode?.arguments ?? []).filter(
    ({ name }) => !given.some((argument) => argument.name.value === name.value),
  );
  const defaults = missing.flatMap(({ name, defaultValue: value }) =>
    value === undefined ? [] : [{ kind: Kind.ARGUMENT as const, name, value }],
  );
  return defaults.length === 0 ? node : { ...node, arguments: [...given, ...defaults] };
}
