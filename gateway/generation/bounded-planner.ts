import { operationFromDocument, type Schema, type Supergraph } from '@apollo/federation-internals';
import { type QueryPlan, QueryPlanner, type QueryPlannerConfig } from '@apollo/query-planner';
import type { DocumentNode } from 'graphql';
import { requestError } from '../execution/errors.ts';
import { operationFields } from '../policies/document-size.ts';
import type { Overrides } from './overrides.ts';
import { tooLarge } from './safe-aliases.ts';

/**
 * Plans compared, times fields of the operation. Where subgraphs share fields, @apollo/query-planner 2.14.4 compares 10,000
 * plans, and holds the process meanwhile: 1.3 s for 60 fields, 28 s for 1,800 (which the limits of documents let through). A
 * plan that is not looked at costs a fetch more in twenty.
 */
const planBudget = 20_000;
const mostPlans = 1000;
const fewestPlans = 10;

/** The planner of a supergraph, bounded in what one operation may cost. */
export class BoundedPlanner {
  readonly #planner: QueryPlanner;
  readonly #schema: Schema;
  readonly #options: number;

  /** `options`: ways to one field that are compared; they multiply with each field above it that subgraphs share. */
  constructor(supergraph: Supergraph, config: QueryPlannerConfig, options: number) {
    this.#planner = new QueryPlanner(supergraph, { ...config, debug: { pathsLimit: options } });
    this.#schema = supergraph.apiSchema();
    this.#options = options;
  }

  /** Throws a GraphQLError for an operation that does not fit the schema, or goes beyond what may be compared. */
  plan(document: DocumentNode, overrides: Overrides): QueryPlan {
    const operation = operationFromDocument(this.#schema, document);
    // The planner has this for all operations alike; it reads it anew for each, and plans at once.
    // biome-ignore lint/complexity/useLiteralKeys: the way that TypeScript has to what is private.
    this.#planner['config'].debug.maxEvaluatedPlans = plansFor(operationFields(document));
    try {
      return this.#planner.buildQueryPlan(operation, { overrideConditions: new Map(overrides) });
    } catch (error) {
      throw error instanceof Error ? (this.#refusalOf(error) ?? error) : error;
    }
  }

  #refusalOf({ message }: Error): Error | null {
    if (/^(Exceeded maximum recursive selections|Number of non-local selections)/.test(message))
      return tooLarge();
    if (!message.startsWith('Too many options')) return null;
    return requestError(
      `The operation has a field to which more than ${this.#options} ways lead, by subgraphs that share the fields above it. Ask for it from higher up, or raise gateway.limits.planOptions.`,
      'BAD_REQUEST',
    );
  }
}

const plansFor = (fields: number): number =>
  Math.min(mostPlans, Math.max(fewestPlans, Math.floor(planBudget / Math.max(1, fields))));
