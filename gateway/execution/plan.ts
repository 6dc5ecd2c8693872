import type { FetchNode, PlanNode } from '@apollo/query-planner';
import { Kind, parse, type SelectionSetNode, visit } from 'graphql';
import { compileContext, type ReadContext } from './context.ts';
import { isInheritedKey } from './data.ts';
import { requestError } from './errors.ts';
import type { Subgraph } from './fetcher.ts';
import { type PathStep, parsePath } from './path.ts';
import { compileRepresent, type Represent } from './representations.ts';
import type { ResponseKeys } from './response-keys.ts';
import { compileRewrites, type Rewrite } from './rewrites.ts';
import type { TypeRelations } from './types.ts';
import type { Weight } from './weight.ts';

/** The planner's nodes, compiled for running many times. Conditions are decided before planning. */
export type Step = { readonly kind: 'sequence' | 'parallel'; readonly steps: readonly Step[] } | FetchStep;

export interface FetchStep {
  readonly kind: 'fetch';
  readonly subgraph: Subgraph;
  readonly query: string;
  readonly operationName: string | undefined;
  /** True for queries: see SubgraphRequest. */
  readonly shared: boolean;
  /** Of the client's variables, those that the query uses. */
  readonly variables: readonly string[];
  /** Where the answer belongs; empty: the root. */
  readonly path: readonly PathStep[];
  /** Null: not an entity fetch, so the answer is merged as it is. */
  readonly represent: Represent | null;
  readonly rewriteOutput: Rewrite | null;
  /** Values of `@fromContext` arguments; null where there are none. */
  readonly context: ReadContext | null;
  /** For objects that lack some of the inputs: fetches of the fields that need less. */
  readonly fallbacks: readonly FetchStep[];
  /** Response keys that the fetch gives each object. */
  readonly keys: readonly string[];
  /** The same where an answer may hold nothing else and none of them needs care; null: look at what it holds. */
  readonly mergedKeys: readonly string[] | null;
  /** Keys that are not the client's, and the client's for them. */
  readonly renamed: ReadonlyMap<string, string>;
}

export interface PlanContext {
  readonly subgraphs: ReadonlyMap<string, Subgraph>;
  readonly types: TypeRelations;
  readonly keys: ResponseKeys;
  readonly weight: Weight;
}

export function compilePlan(
  node: PlanNode,
  context: PlanContext,
  path: readonly (string | number)[] = [],
): Step {
  switch (node.kind) {
    case 'Sequence':
      return { kind: 'sequence', steps: node.nodes.map((child) => compilePlan(child, context, path)) };
    case 'Parallel':
      return { kind: 'parallel', steps: node.nodes.map((child) => compilePlan(child, context, path)) };
    case 'Flatten':
      return compilePlan(node.node, context, [...path, ...node.path]);
    case 'Fetch':
      return compileFetch(node, context, path);
    case 'Condition':
    case 'Defer':
      // Conditions are decided before planning, and @defer is off in the planner.
      throw requestError(`The plan has an unexpected ${node.kind} node.`, 'INTERNAL');
  }
}

/** A fetch, and what to make of it for objects that lack some of its inputs: a fetch for each set of inputs. */
export type FetchWithFallbacks = FetchNode & { readonly fallbacks?: readonly FetchNode[] };

export function compileFetch(
  node: FetchWithFallbacks,
  context: PlanContext,
  path: readonly (string | number)[],
): FetchStep {
  const { subgraphs, types, weight } = context;
  weight.add('fetch');
  weight.add('fetchCharacter', node.operation.length);
  const renamed = renamedKeys(node);
  const keys = responseKeys(node.operation, node.requires !== undefined).map(
    (key) => renamed.get(key) ?? key,
  );
  const rewriteOutput = compileRewrites(node.outputRewrites, types);
  if (node.requires !== undefined && node.variableUsages?.includes('representations')) {
    throw requestError('Give the variable $representations another name: federation uses it.', 'BAD_REQUEST');
  }
  return {
    kind: 'fetch',
    subgraph: subgraphs.get(node.serviceName) ?? { name: node.serviceName, url: '' },
    query: node.operation,
    operationName: node.operationName,
    shared: node.operationKind === 'query',
    variables: node.variableUsages ?? [],
    path: parsePath(path, context.keys),
    represent:
      node.requires === undefined
        ? null
        : compileRepresent(node.requires, compileRewrites(node.inputRewrites, types), types),
    rewriteOutput,
    context: compileContext(node.contextRewrites, types),
    fallbacks: (node.fallbacks ?? []).map((fallback) => compileFetch(fallback, context, path)),
    keys,
    mergedKeys: rewriteOutput === null && !keys.some(isInheritedKey) ? keys : null,
    renamed: clientKeys(node.operation, renamed, context.keys),
  };
}

/** What the planner has its own aliases for. */
function renamedKeys(node: FetchNode): ReadonlyMap<string, string> {
  const renamed = new Map<string, string>();
  for (const rewrite of node.outputRewrites ?? []) {
    const key = rewrite.path.at(-1);
    if (rewrite.kind === 'KeyRenamer' && key !== undefined) renamed.set(key, rewrite.renameKeyTo);
  }
  return renamed;
}

/** Only what lies on the way of an error path matters, so a map for the whole fetch will do. */
function clientKeys(
  operation: string,
  renamed: ReadonlyMap<string, string>,
  keys: ResponseKeys,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [key, planned] of renamed) found.set(key, keys.clientKey(planned));
  visit(parse(operation, { noLocation: true }), {
    Field: ({ alias }) => {
      if (alias === undefined || found.has(alias.value)) return;
      const key = keys.clientKey(alias.value);
      if (key !== alias.value) found.set(alias.value, key);
    },
  });
  return found;
}

/** Response keys of an operation's root, or of its entities, whatever their type. */
export function responseKeys(operation: string, ofEntities: boolean): string[] {
  const document = parse(operation, { noLocation: true });
  const fragments = new Map<string, SelectionSetNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition.selectionSet);
    }
  }
  const keys = new Set<string>();
  const collect = (set: SelectionSetNode | undefined, depth: number): void => {
    for (const selection of set?.selections ?? []) {
      if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet, depth);
      else if (selection.kind === Kind.FRAGMENT_SPREAD) collect(fragments.get(selection.name.value), depth);
      else if (depth > 0) collect(selection.selectionSet, depth - 1);
      else keys.add(selection.alias?.value ?? selection.name.value);
    }
  };
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) collect(definition.selectionSet, ofEntities ? 1 : 0);
  }
  return [...keys];
}

/** True when any fetch of the plan takes values from its object's ancestors. */
export function usesContext(step: Step): boolean {
  switch (step.kind) {
    case 'sequence':
    case 'parallel':
      return step.steps.some(usesContext);
    case 'fetch':
      return step.context !== null;
  }
}
