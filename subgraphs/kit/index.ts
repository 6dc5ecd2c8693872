export type { SubgraphContext, TypedRow } from './context.ts';
export type { Resolvers } from './graphql/resolvers.ts';
export type { Row } from './records.ts';
export { type RunningSubgraph, type SubgraphOptions, startSubgraph } from './subgraph.ts';
