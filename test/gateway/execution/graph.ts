import { composeServices } from '@apollo/composition';
import { ApolloGateway, LocalGraphQLDataSource } from '@apollo/gateway';
import { buildSubgraphSchema, type GraphQLResolverMap } from '@apollo/subgraph';
import {
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
  graphql,
  Kind,
  parse,
  validate,
} from 'graphql';
import { expect } from 'vitest';
import type { Fetcher, SubgraphRequest } from '../../../gateway/execution/fetcher.ts';
import {
  createGeneration,
  type Generation,
  type OperationRequest,
} from '../../../gateway/generation/generation.ts';
import type { GenerationLimits } from '../../../gateway/generation/limits.ts';

/** One small subgraph: SDL without the `@link`, and its resolvers. */
export interface SubgraphSource {
  readonly typeDefs: string;
  readonly resolvers?: GraphQLResolverMap;
}

export interface Fetched {
  readonly subgraph: string;
  readonly request: SubgraphRequest;
}

/** A graph whose subgraphs run in this process by graphql-js. */
export interface Graph {
  readonly generation: Generation;
  readonly supergraphSdl: string;
  readonly schemas: ReadonlyMap<string, GraphQLSchema>;
  /** Every fetch that the executor made, in order. */
  readonly fetched: Fetched[];
  readonly logged: unknown[][];
  /** Set to answer a fetch otherwise; undefined leaves it to the subgraph. */
  intercept: ((fetched: Fetched) => Promise<ExecutionResult> | undefined) | null;
  run(query: string, request?: Partial<OperationRequest>): Promise<ExecutionResult>;
  /** The same by stock ApolloGateway over the same subgraphs. */
  readonly oracle: Oracle;
}

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable",
  "@requires", "@external", "@provides", "@interfaceObject", "@inaccessible", "@override", "@context", "@fromContext"])\n`;

export function buildGraph(
  sources: Readonly<Record<string, SubgraphSource>>,
  limits: Partial<GenerationLimits> = {},
): Graph {
  const modules = Object.entries(sources).map(([name, source]) => ({
    name,
    typeDefs: parse(link + source.typeDefs),
    resolvers: source.resolvers ?? {},
  }));
  const composed = composeServices(
    modules.map(({ name, typeDefs }) => ({ name, typeDefs, url: `http://${name}.test/graphql` })),
  );
  if (composed.supergraphSdl === undefined) {
    throw new Error(composed.errors?.map((error: GraphQLError) => error.message).join('\n'));
  }
  const schemas = new Map(
    modules.map(({ name, typeDefs, resolvers }) => [name, buildSubgraphSchema([{ typeDefs, resolvers }])]),
  );
  const graph: Graph = {
    supergraphSdl: composed.supergraphSdl,
    schemas,
    fetched: [],
    logged: [],
    intercept: null,
    generation: createGeneration({
      supergraphSdl: composed.supergraphSdl,
      fetcher: localFetcher(schemas, () => graph),
      limits,
      log: { warn: (...entry) => void graph.logged.push(entry) },
      decideLabel: (label) => label === 'on',
    }),
    run: (query, request = {}) => {
      const document = parse(query);
      const invalid = validate(graph.generation.apiSchema, document);
      if (invalid.length > 0) throw invalid[0];
      return graph.generation.execute({ document, operationName: null, variables: {}, ...request });
    },
    oracle: stockGateway(composed.supergraphSdl, schemas),
  };
  return graph;
}

function localFetcher(schemas: ReadonlyMap<string, GraphQLSchema>, graph: () => Graph): Fetcher {
  return {
    async fetch(subgraph, request) {
      const fetched = { subgraph: subgraph.name, request };
      graph().fetched.push(fetched);
      const intercepted = graph().intercept?.(fetched);
      if (intercepted !== undefined) return intercepted;
      const schema = schemas.get(subgraph.name);
      if (schema === undefined) throw new Error(`no subgraph ${subgraph.name}`);
      const result = await graphql({
        schema,
        source: request.query,
        variableValues: structuredClone(request.variables),
        contextValue: { headers: request.headers, extensions: request.extensions },
      });
      // Through JSON, as over the wire.
      return JSON.parse(JSON.stringify(result));
    },
  };
}

type Oracle = (query: string, variables?: Record<string, unknown>) => Promise<ExecutionResult>;

/** Stock ApolloGateway, loaded when it is first asked. */
function stockGateway(supergraphSdl: string, schemas: ReadonlyMap<string, GraphQLSchema>): Oracle {
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const gateway = new ApolloGateway({
    supergraphSdl,
    logger: silent,
    buildService: ({ name }) => new LocalGraphQLDataSource(schemas.get(name)!),
  });
  let loading: ReturnType<typeof gateway.load> | undefined;
  return async (query, variables = {}) => {
    loading ??= gateway.load();
    const { executor } = await loading;
    const document = parse(query);
    const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION)!;
    const result = await executor({
      document,
      operationName: operation.name?.value ?? null,
      operation,
      request: { query, variables },
      queryHash: query,
      context: {},
      logger: silent,
      metrics: {},
      schema: gateway.schema!,
      source: query,
      schemaHash: '',
      cache: {},
      overallCachePolicy: {},
    } as unknown as Parameters<typeof executor>[0]);
    return JSON.parse(JSON.stringify(result));
  };
}

/** Runs a query on both; their data must be equal, but for the order of keys, which stock changes. Gives ours, as JSON. */
export async function expectAsStock(
  graph: Graph,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<ExecutionResult> {
  const ours = JSON.parse(JSON.stringify(await graph.run(query, { variables })));
  const theirs = await graph.oracle(query, variables);
  expect(ours.data).toEqual(theirs.data);
  return ours;
}

/** The fetches since the last call, by subgraph. */
export const takeFetches = (graph: Graph): Fetched[] => graph.fetched.splice(0);
