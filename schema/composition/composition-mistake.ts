import {
  type ASTNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type GraphQLError,
  getLocation,
  Kind,
} from 'graphql';
import type { SchemaMistake } from '../description.ts';
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
  const code = String(error.extensions.code ?? '');
  return {
    message: `${sentence(error.message.replace(subgraphPrefix, ''))}${also}`,
    cure: cures[code] ?? `See ${code} at ${explanations}.`,
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

const sentence = (message: string): string => (/[.?!]$/.test(message) ? message : `${message}.`);

const explanations =
  'https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/errors';

/** By the code of @apollo/composition. */
const cures: Readonly<Record<string, string>> = {
  ENUM_VALUE_MISMATCH: 'Define the enum with the same values in each subgraph.',
  EXTERNAL_MISSING_ON_BASE: 'Remove the @external field, or define it in another subgraph.',
  EXTERNAL_UNUSED: 'Remove the @external field, or use it in @requires, @provides or @key.',
  FIELD_ARGUMENT_TYPE_MISMATCH: 'Give the argument the same type in each subgraph.',
  FIELD_TYPE_MISMATCH: 'Give the field the same type in each subgraph.',
  INVALID_FIELD_SHARING: 'Mark the field @shareable in each subgraph that gives it, or keep it in one.',
  INVALID_GRAPHQL: 'Correct the SDL at this place.',
  KEY_INVALID_FIELDS: 'Name fields in @key that the type has in this subgraph.',
  NO_QUERIES: 'Add a field to type Query in at least one subgraph.',
  REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH:
    'Make the argument optional, or add it to the field in each subgraph.',
  SATISFIABILITY_ERROR:
    'Add a @key that both subgraphs have, so that the gateway can go from one to the other.',
  TYPE_KIND_MISMATCH: 'Define the type as the same kind in each subgraph, or rename one of them.',
};
