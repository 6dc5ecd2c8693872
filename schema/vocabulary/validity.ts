import { buildSubgraph, errorCauses } from '@apollo/federation-internals';
import {
  type DocumentNode,
  GraphQLError,
  KnownTypeNamesRule,
  LoneSchemaDefinitionRule,
  UniqueArgumentDefinitionNamesRule,
  UniqueArgumentNamesRule,
  UniqueDirectiveNamesRule,
  UniqueDirectivesPerLocationRule,
  UniqueEnumValueNamesRule,
  UniqueFieldDefinitionNamesRule,
  UniqueInputFieldNamesRule,
  UniqueOperationTypesRule,
  UniqueTypeNamesRule,
} from 'graphql';
import { validateSDL } from 'graphql/validation/validate.js';
import { federationCure, type Mistakes } from '../mistakes/index.ts';

/**
 * GraphQL's own rules for SDL, less those on directives: federation's definitions are not in the document, and
 * `checkApplications` knows ours better.
 */
const rules = [
  KnownTypeNamesRule,
  LoneSchemaDefinitionRule,
  UniqueArgumentDefinitionNamesRule,
  UniqueArgumentNamesRule,
  UniqueDirectiveNamesRule,
  UniqueDirectivesPerLocationRule,
  UniqueEnumValueNamesRule,
  UniqueFieldDefinitionNamesRule,
  UniqueInputFieldNamesRule,
  UniqueOperationTypesRule,
  UniqueTypeNamesRule,
];

export const checkGraphql = (document: DocumentNode, mistakes: Mistakes): void => {
  for (const error of validateSDL(document, null, rules)) {
    mistakes.addError(error, cures.find(([pattern]) => pattern.test(error.message))?.[1] ?? fallback);
  }
};

const fallback = 'Correct the SDL at this place.';
const cures: readonly (readonly [RegExp, string])[] = [
  [/^Unknown type/, 'Define the type, or correct its name.'],
  [/can only be defined once|can be only one|already exists/, 'Keep one of them.'],
  [/can only be used once/, 'Keep one of them.'],
];

/** Federation's rules for one subgraph, such as that a @key selects fields which exist. For SDL that is valid GraphQL. */
export const checkFederation = (document: DocumentNode, mistakes: Mistakes): void => {
  try {
    buildSubgraph('subgraph', '', document);
  } catch (error) {
    const causes = error instanceof Error ? errorCauses(error) : undefined;
    if (causes === undefined) throw error;
    for (const cause of causes) mistakes.addError(withoutName(cause), federationCure(cause));
  }
};

/** Federation puts the subgraph's name in front; here there is only one. */
const withoutName = (error: GraphQLError): GraphQLError =>
  new GraphQLError(error.message.replace(/^\[subgraph\] /, ''), {
    ...(error.nodes === undefined ? {} : { nodes: error.nodes }),
  });
