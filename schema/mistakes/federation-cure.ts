import type { GraphQLError } from 'graphql';

/** What to do about an error of federation, by its code. */
export const federationCure = ({ extensions }: GraphQLError): string => {
  const code = String(extensions.code ?? 'the message');
  return cures[code] ?? `See ${code} at ${explanations}.`;
};

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
