import {
  type ASTNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type GraphQLError,
  getLocation,
  Kind,
} from 'graphql';
import type { SchemaMistake } from '../description.ts';
import { federationCure, sentence } from '../mistakes/index.ts';
import type { SchemaSource } from '../source.ts';

/** A subgraph as composition saw it. */
export interface ReadSubgraph {
  readonly name: string;
  readonly typeDefs: DocumentNode;
  readonly sources: readonly SchemaSource[];
}

type Place = Pick<SchemaMistake, 'file' | 'line' | 'column'>;

/**
 * A mistake of composition at its first place in a file; the other places follow in the message, since most mistakes
 * of composition are a disagreement of two.
 */
export const mistakeOf = (error: GraphQLError, subgraphs: readonly ReadSubgraph[]): SchemaMistake => {
  const nodes = error.nodes ?? unreachableField(error.message, subgraphs);
  const places = uniquePlaces(nodes.flatMap((node) => placeOf(node) ?? []));
  const [first, ...others] = places;
  const also = others.length === 0 ? '' : ` See also ${others.map(asText).join(', ')}.`;
  return {
    message: `${sentence(error.message.replace(subgraphPrefix, ''))}${also}`,
    cure: federationCure(error),
    ...(first ?? withoutPlace(error, subgraphs)),
  };
};

/** Composition puts the name of the subgraph in front; the file says the same. */
const subgraphPrefix = /^\[[^\]]+\] /;

/** A query that no plan satisfies comes without nodes, but names the field that cannot be reached. */
const unreachableField = (
  message: string,
  subgraphs: readonly ReadSubgraph[],
): readonly FieldDefinitionNode[] => {
  const [, type, field] = /cannot find field "(\w+)\.(\w+)"/.exec(message) ?? [];
  return subgraphs
    .flatMap(({ typeDefs }) => typeDefs.definitions)
    .flatMap((node) =>
      (node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.OBJECT_TYPE_EXTENSION) &&
      node.name.value === type
        ? (node.fields ?? []).filter(({ name }) => name.value === field)
        : [],
    );
};

const placeOf = ({ loc }: ASTNode): Place | null =>
  loc === undefined ? null : { file: loc.source.name, ...getLocation(loc.source, loc.start) };

const uniquePlaces = (places: readonly Place[]): readonly Place[] => [
  ...new Map(places.map((place) => [asText(place), place])).values(),
];

const asText = ({ file, line, column }: Place): string => `${file}:${line}:${column}`;

/** What completion added, and what no one subgraph is to blame for, is told at the first line of a file. */
const withoutPlace = (error: GraphQLError, subgraphs: readonly ReadSubgraph[]): Place => {
  const names = (error.nodes ?? []).map((node) => (node as { readonly subgraph?: string }).subgraph);
  const subgraph = subgraphs.find(({ name }) => names.includes(name)) ?? subgraphs[0];
  return { file: subgraph?.sources[0]?.file ?? 'supergraph', line: 1, column: 1 };
};
