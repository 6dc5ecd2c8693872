import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  print,
  visit,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { requestError } from '../execution/errors.ts';
import { compileFetch, compilePlan, type FetchStep, type Step, usesContext } from '../execution/plan.ts';
import { compileShape, type ObjectShape } from '../execution/shape.ts';
import type { LoadedSupergraph } from './supergraph.ts';

/** An operation that is parsed, planned and compiled; used for any number of requests. */
export interface PreparedOperation {
  readonly definition: OperationDefinitionNode;
  readonly fragments: readonly FragmentDefinitionNode[];
  /** The event of a subscription; null for queries and mutations. */
  readonly primary: FetchStep | null;
  /** What to run: for a subscription, the joins of an event. Null when there is nothing to fetch. */
  readonly plan: Step | null;
  /** False when equal entities may have different joins below them. */
  readonly deduplicate: boolean;
  /** The answer's shape for these variables. Throws a GraphQLError when no subgraph covers a root field. */
  shapeFor(coerced: Readonly<Record<string, unknown>>): ObjectShape;
}

/** Answers' shapes kept of one operation: one for each combination of `@skip` and `@include` values met. */
const maximumShapes = 32;

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

  /** Throws a GraphQLError for an operation that cannot be planned. */
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
  const { node } = planFor(supergraph, document, definition.name?.value ?? null);
  const primary = node?.kind === 'Subscription' ? compileFetch(node.primary, supergraph, []) : null;
  const rest = node?.kind === 'Subscription' ? node.rest : node;
  const plan = rest === undefined ? null : compilePlan(rest, supergraph);
  const covered = new Set(primary?.keys);
  if (plan !== null) addRootKeys(plan, covered);
  return {
    definition,
    fragments,
    primary,
    plan,
    deduplicate: plan === null || !usesContext(plan),
    shapeFor: shapes(supergraph.apiSchema, definition, fragments, covered),
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

function planFor(supergraph: LoadedSupergraph, document: DocumentNode, operationName: string | null) {
  try {
    return supergraph.plan(document, operationName);
  } catch (error) {
    if (error instanceof GraphQLError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw requestError(`The operation cannot be planned: ${message}`, 'BAD_REQUEST');
  }
}

/** Keys of the root that some fetch of the plan fills. */
function addRootKeys(step: Step, into: Set<string>): void {
  switch (step.kind) {
    case 'sequence':
    case 'parallel':
      for (const child of step.steps) addRootKeys(child, into);
      return;
    case 'condition':
      for (const branch of [step.whenTrue, step.whenFalse]) if (branch !== null) addRootKeys(branch, into);
      return;
    case 'fetch':
      if (step.path.length === 0) for (const key of step.keys) into.add(key);
  }
}

function shapes(
  schema: GraphQLSchema,
  definition: OperationDefinitionNode,
  fragments: readonly FragmentDefinitionNode[],
  covered: ReadonlySet<string>,
): (coerced: Readonly<Record<string, unknown>>) => ObjectShape {
  const names = conditionVariables([definition, ...fragments]);
  const byName = new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
  const known = new LRUCache<string, ObjectShape>({ max: maximumShapes });
  return (coerced) => {
    const key = names.map((name) => (coerced[name] === true ? '1' : '0')).join('');
    const shape = known.get(key);
    if (shape !== undefined) return shape;
    const root = schema.getRootType(definition.operation);
    if (root === undefined || root === null) {
      throw requestError(`The schema has no ${definition.operation} type.`, 'BAD_REQUEST');
    }
    const conditions = Object.fromEntries(names.map((name) => [name, coerced[name]]));
    const compiled = compileShape(root, [definition.selectionSet], { schema, fragments: byName, conditions });
    checkCoverage(compiled, covered);
    known.set(key, compiled);
    return compiled;
  };
}

/**
 * The planner gives up a root field in silence when nothing follows on its branch, such as an interface that no type
 * implements; its null would look like an answer.
 */
function checkCoverage(shape: ObjectShape, covered: ReadonlySet<string>): void {
  for (const { key, coordinate, value } of shape.fields) {
    if (value.kind === 'typename' || value.kind === 'introspection' || covered.has(key)) continue;
    throw requestError(`No subgraph can answer ${coordinate} with what is selected of it.`, 'BAD_REQUEST');
  }
}

function conditionVariables(nodes: readonly (OperationDefinitionNode | FragmentDefinitionNode)[]): string[] {
  const names = new Set<string>();
  for (const node of nodes) {
    visit(node, {
      Directive: (directive) => {
        if (directive.name.value !== 'skip' && directive.name.value !== 'include') return;
        for (const { value } of directive.arguments ?? []) {
          if (value.kind === Kind.VARIABLE) names.add(value.name.value);
        }
      },
    });
  }
  return [...names].sort();
}
