import { type ConstDirectiveNode, type DocumentNode, Kind, visit } from 'graphql';

/**
 * The supergraph as the planner should see it, without the keys that it cannot enter by.
 *
 * @apollo/query-planner 2.14.4 enters a type again by its first `@key` in a subgraph even when that one says
 * `resolvable: false`, and the subgraph then refuses the fetch. Where type and subgraph also have a key that resolves,
 * the other one is dropped. Clients are validated against the original all the same.
 */
export function withoutDeadKeys(supergraph: DocumentNode): DocumentNode {
  return visit(supergraph, {
    ObjectTypeDefinition: (node) => ({ ...node, directives: liveKeys(node.directives ?? []) }),
    InterfaceTypeDefinition: (node) => ({ ...node, directives: liveKeys(node.directives ?? []) }),
  });
}

function liveKeys(directives: readonly ConstDirectiveNode[]): ConstDirectiveNode[] {
  const isKey = (directive: ConstDirectiveNode): boolean =>
    directive.name.value === 'join__type' && argumentOf(directive, 'key') !== undefined;
  const resolves = (directive: ConstDirectiveNode): boolean =>
    argumentOf(directive, 'resolvable') !== 'false';
  const alive = new Set(
    directives
      .filter((directive) => isKey(directive) && resolves(directive))
      .map((key) => argumentOf(key, 'graph')),
  );
  return directives.filter(
    (directive) => !isKey(directive) || resolves(directive) || !alive.has(argumentOf(directive, 'graph')),
  );
}

function argumentOf(directive: ConstDirectiveNode, name: string): string | undefined {
  const value = directive.arguments?.find((argument) => argument.name.value === name)?.value;
  if (value === undefined) return undefined;
  return value.kind === Kind.BOOLEAN ? String(value.value) : 'value' in value ? value.value : undefined;
}
