import type { QueryPlan } from '@apollo/query-planner';
import { type DocumentNode, Kind } from 'graphql';
import type { FetchWithFallbacks } from '../execution/plan.ts';
import { type Copy, withCopy } from './copied-subgraph.ts';
import { mapFetches } from './plan-fetches.ts';
import { type Chains, requiredChains } from './required-chains.ts';
import { SubgraphParts } from './subgraph-parts.ts';
import { subgraphNames } from './supergraph-document.ts';

export interface SplitSubgraphs {
  /** As the planner should see it. */
  readonly supergraph: DocumentNode;
  /** The plan with the subgraphs that there are. */
  restore(plan: QueryPlan): QueryPlan;
}

/**
 * Types in all copies together. A copy costs about what its types do in a subgraph: 0.5 ms and 15 KB each. Fields whose copy
 * goes beyond it stay where they are; an operation that needs them in a chain is refused.
 */
const mostCopiedTypes = 20_000;

/**
 * Gives some fields with a `@requires` subgraphs of their own.
 *
 * Where a field takes, by way of others, something with a `@requires` of its own subgraph, @apollo/query-planner 2.14.4
 * joins the two fetches of that subgraph into one, and forgets the inputs. Two subgraphs it does not join; that they are
 * one service, it need not know. Each has the fields that can be fetched at one time.
 */
export function splitSubgraphs(supergraph: DocumentNode, most = mostCopiedTypes): SplitSubgraphs {
  const chains = isOfFederation1(supergraph) ? null : requiredChains(supergraph);
  if (chains === null || chains.size === 0) return { supergraph, restore: (plan) => plan };
  let left = most;
  const copies = copiesFor(supergraph, chains).filter(({ part }) => {
    left -= part.types.size;
    return left >= 0;
  });
  const byName = new Map(copies.map((copy) => [copy.name, copy]));
  const restore = (fetch: FetchWithFallbacks): FetchWithFallbacks => {
    const copy = byName.get(fetch.serviceName);
    return copy === undefined ? fetch : ofOriginal(fetch, copy);
  };
  return {
    supergraph: copies.reduce(withCopy, supergraph),
    restore: (plan) => mapFetches(plan, restore, restore),
  };
}

function ofOriginal(fetch: FetchWithFallbacks, copy: Copy): FetchWithFallbacks {
  const { operationName: name, fallbacks } = fetch;
  return {
    ...fetch,
    serviceName: copy.original.name,
    ...(name === undefined ? {} : renamed(fetch.operation, name, copy)),
    ...(fallbacks === undefined ? {} : { fallbacks: fallbacks.map((each) => ofOriginal(each, copy)) }),
  };
}

/** The planner puts the name of the subgraph into that of the operation, before a number: `Posts__b__1__4`. */
function renamed(operation: string, name: string, { name: copy, original }: Copy) {
  const suffix = copy.slice(original.name.length);
  const at = name.lastIndexOf(`${suffix}__`);
  const operationName = name.slice(0, at) + name.slice(at + suffix.length);
  return { operationName, operation: operation.replace(name, operationName) };
}

/** There a field that says of no subgraph that it is there is in its type's owner alone. */
const isOfFederation1 = ({ definitions }: DocumentNode): boolean =>
  definitions.some((each) => each.kind === Kind.DIRECTIVE_DEFINITION && each.name.value === 'join__owner');

function copiesFor(supergraph: DocumentNode, chains: Chains): Copy[] {
  const parts = new SubgraphParts(supergraph);
  const subgraphs = subgraphNames(supergraph);
  const taken = new Set([...subgraphs].flat());
  const free = (name: string): string => {
    let chosen = name;
    while (taken.has(chosen)) chosen += '_';
    taken.add(chosen);
    return chosen;
  };
  return [...chains].flatMap(([graph, levels]) =>
    [...levels].map(([level, fields]): Copy => {
      const original = { graph, name: subgraphs.get(graph) ?? graph };
      return {
        graph: free(`${graph}__${level}`),
        name: free(`${original.name}__${level}`),
        original,
        fields,
        part: parts.partFor(graph, fields),
        keys: parts.keysOf(graph),
      };
    }),
  );
}
