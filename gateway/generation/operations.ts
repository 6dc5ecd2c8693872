import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  print,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { requestError } from '../execution/errors.ts';
import type { Conditions } from './conditions.ts';
import type { Overrides } from './overrides.ts';
import { plainVariables } from './plain-variables.ts';
import type { LoadedSupergraph } from './supergraph.ts';
import { type Variant, variantsOf } from './variants.ts';

/** An operation found in its document; used for any number of requests. */
export interface PreparedOperation {
  readonly definition: OperationDefinitionNode;
  readonly fragments: readonly FragmentDefinitionNode[];
  /** True for variables that need no coercion; see plainVariables. */
  isPlain(variables: Readonly<Record<string, unknown>>): boolean;
  /** Plan and shape for these variables. Throws a GraphQLError for what cannot be planned. */
  variantFor(coerced: Conditions, overrides: Overrides): Variant;
}

/**
 * Prepared operations, bounded: the least recently used one is dropped. Found by the document itself when the same one
 * comes again, else by its text.
 */
export class Operations {
  readonly #supergraph: LoadedSupergraph;
  readonly #byText: LRUCache<string, PreparedOperation>;
  readonly #byDocument = new WeakMap<DocumentNode, Map<string | null, PreparedOperation>>();

  constructor(supergraph: LoadedSupergraph, maximum: number) {
    this.#supergraph = supergraph;
    this.#byText = new LRUCache({ max: maximum });
  }

  /** Throws a GraphQLError when the document has no such operation. */
  prepare(document: DocumentNode, operationName: string | null): PreparedOperation {
    const byName = this.#byDocument.get(document);
    const known = byName?.get(operationName);
    if (known !== undefined) return known;
    const key = `${operationName ?? ''}\n${print(document)}`;
    let prepared = this.#byText.get(key);
    if (prepared === undefined) {
      prepared = prepareOperation(this.#supergraph, document, operationName);
      this.#byText.set(key, prepared);
    }
    if (byName === undefined) this.#byDocument.set(document, new Map([[operationName, prepared]]));
    else byName.set(operationName, prepared);
    return prepared;
  }
}

function prepareOperation(
  supergraph: LoadedSupergraph,
  document: DocumentNode,
  operationName: string | null,
): PreparedOperation {
  const definition = operationOf(document, operationName);
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  return {
    definition,
    fragments,
    isPlain: plainVariables(supergraph.apiSchema, definition.variableDefinitions ?? []),
    variantFor: variantsOf(supergraph, definition, fragments),
  };
}

function operationOf(document: DocumentNode, operationName: string | null): OperationDefinitionNode {
  const operations = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  const [first] = operations;
  if (first === undefined) throw requestError('The document has no operation.', 'BAD_REQUEST');
  if (operationName === null) {
    if (operations.length === 1) return first;
    throw requestError('The document has several operations: name one in operationName.', 'BAD_REQUEST');
  }
  const named = operations.find((operation) => operation.name?.value === operationName);
  if (named !== undefined) return named;
  throw requestError(`The document has no operation "${operationName}".`, 'BAD_REQUEST');
}
