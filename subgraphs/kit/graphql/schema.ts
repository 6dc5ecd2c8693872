import { buildSubgraphSchema } from '@apollo/subgraph';
import { type DocumentNode, type GraphQLSchema, Kind } from 'graphql';
import type { SubgraphDescription } from '../../../schema/description.ts';
import { deriveResolvers, type Resolvers } from './resolvers.ts';

/** The executable schema of a subgraph: its completed SDL, the directives' resolvers, its own over them. */
export const buildSchema = (
  document: DocumentNode,
  description: SubgraphDescription,
  own: Resolvers,
): GraphQLSchema => {
  const scalars = new Set(
    document.definitions.flatMap((node) =>
      node.kind === Kind.SCALAR_TYPE_DEFINITION ? [node.name.value] : [],
    ),
  );
  const resolvers = deriveResolvers(description, scalars, own);
  return buildSubgraphSchema([{ typeDefs: document, resolvers }]);
};
