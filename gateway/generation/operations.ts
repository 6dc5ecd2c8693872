import { hash } from 'node:crypto';
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  print,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { requestError } from '../execution/errors.ts';
import { Weight } from '../execution/weight.ts';
import type { Conditions } from './conditions.ts';
import { weighDocument } from './document-weight.ts';
import type { GenerationLimits } from './limits.ts';
import type { Overrides } from './overrides.ts';
import { plainVariables } from './plain-variables.ts';
import type { LoadedSupergraph } from './supergraph.ts';
import { type Variant, variantsOf } from './variants.ts';

/** What is kept of operations. */
export interface OperationCounters {
  readonly count: number;
  /** Estimated. */
  readonly bytes: number;
}

/** An operation found in its document; used for any number of requests. */
export interface PreparedOperation {
  readonly definition: OperationDefinitionNode;
  readonly fragments: readonly FragmentDefinitionNode[];
  /** True for variables that need no coercion; see plainVariables. */
  isPlain(variables: Readonly<Record<string, unknown>>): boolean;
  /** Plan and shape for these variables. Throws a GraphQLError for what cannot be planned. */
  variantFor(coerced: Conditions, overrides: Overrides): Variant;
}

/** A prepared operation, and what it weighs with the variants of it that are compiled so far. */
interface Kept {
  readonly operation: PreparedOperation;
  readonly weight: Weight;
}

/**
 * Prepared operations, bounded by number and bytes: the least recently used one is dropped, and whoever uses it goes on.
 * Each grows while it is used, as variants, shapes and scans are compiled when they are first needed.
 */
export class Operations {
  readonly #supergraph: LoadedSupergraph;
  /** By a hash of the text. */
  readonly #kept: LRUCache<string, Kept>;
  /** Hashes, not operations: documents are kept elsewhere, and would keep what is dropped here. */
  readonly #hashes = new WeakMap<DocumentNode, Map<string | null, string>>();

  constructor(supergraph: LoadedSupergraph, limits: Pick<GenerationLimits, 'operations' | 'compiledBytes'>) {
    this.#supergraph = supergraph;
    this.#kept = new LRUCache({
      max: limits.operations,
      maxSize: limits.compiledBytes,
      sizeCalculation: ({ weight }) => weight.bytes,
    });
  }

  get counters(): OperationCounters {
    return { count: this.#kept.size, bytes: this.#kept.calculatedSize };
  }

  /** Throws a GraphQLError when the document has no such operation. */
  prepare(document: DocumentNode, operationName: string | null): PreparedOperation {
    const key = this.#hashOf(document, operationName);
    const known = this.#kept.get(key);
    if (known !== undefined) return known.operation;
    const weight = new Weight();
    weighDocument(document, weight);
    const operation = prepareOperation(this.#supergraph, document, operationName, weight);
    const kept = { operation, weight };
    this.#kept.set(key, kept);
    weight.keep(() => this.#reweigh(key, kept));
    return operation;
  }

  #hashOf(document: DocumentNode, operationName: string | null): string {
    const byName = this.#hashes.get(document);
    const known = byName?.get(operationName);
    if (known !== undefined) return known;
    const key = hash('sha256', `${operationName ?? ''}\n${print(document)}`);
    if (byName === undefined) this.#hashes.set(document, new Map([[operationName, key]]));
    else byName.set(operationName, key);
    return key;
  }

  /** Of an entry that it has already, the cache takes no other size. */
  #reweigh(key: string, kept: Kept): void {
    // What was dropped does not come back when its user compiles more of it.
    if (this.#kept.peek(key) !== kept) return;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
  }
}

function prepareOperation(
  supergraph: LoadedSupergraph,
  document: DocumentNode,
  operationName: string | null,
  weight: Weight,
): PreparedOperation {
  const definition = operationOf(document, operationName);
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  return {
    definition,
    fragments,
    isPlain: plainVariables(supergraph.apiSchema, definition.variableDefinitions ?? []),
    variantFor: variantsOf(supergraph, definition, fragments, weight),
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
