import type { FetchNode, QueryPlan } from '@apollo/query-planner';
import type { DocumentNode } from 'graphql';
import { type Copy, withCopy } from './copied-subgraph.ts';
import { mapFetches } from './plan-fetches.ts';
import { requiredChains } from './required-chains.ts';
import { subgraphNames } from './virtual-fields.ts';

export interface SplitSubgraphs {
  /** As the planner should see it. */
  readonly supergraph: DocumentNode;
  /** The plan with the subgraphs that there are. */
  restore(plan: QueryPlan): QueryPlan;
}

/**
 * Gives some fields with a `@requires` subgraphs of their own.
 *
 * Where a field takes, by way of others, something with a `@requires` of its own subgraph, @apollo/query-planner 2.14.4
 * joins the two fetches of that subgraph into one, and forgets the inputs. Two subgraphs it does not join; that they are
 * one service, it need not know. Each has the fields that can be fetched at one time.
 */
export function splitSubgraphs(supergraph: DocumentNode): SplitSubgraphs {
  const copies = copiesFor(supergraph);
  if (copies.length === 0) return { supergraph, restore: (plan) => plan };
  const names = new Map(copies.map(({ name, original }) => [name, original.name]));
  const rename = (fetch: FetchNode): FetchNode => ({
    ...fetch,
    serviceName: names.get(fetch.serviceName) ?? fetch.serviceName,
  });
  return {
    supergraph: copies.reduce(withCopy, supergraph),
    restore: (plan) => mapFetches(plan, rename, rename),
  };
}

function copiesFor(supergraph: DocumentNode): Copy[] {
  const subgraphs = subgraphNames(supergraph);
  const taken = new Set([...subgraphs].flat());
  const free = (name: string): string => {
    let chosen = name;
    while (taken.has(chosen)) chosen += '_';
    taken.add(chosen);
    return chosen;
  };
  return [...requiredChains(supergraph)].flatMap(([graph, levels]) =>
    [...levels].map(([level, fields]): Copy => {
      const original = { graph, name: subgraphs.get(graph) ?? graph };
      return {
        graph: free(`${graph}__${level}`),
        name: free(`${original.name}__${level}`),
        original,
        fields,
      };
    }),
  );
}
