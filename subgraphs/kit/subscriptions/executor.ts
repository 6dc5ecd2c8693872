import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLError,
  type GraphQLSchema,
} from 'graphql';
import type { RequestContext } from '../context.ts';
import { payloadOf } from '../graphql/payload.ts';
import { compilePlain, type PlainExecution } from '../graphql/plain-selection.ts';
import { isPromise, type MaybePromise } from '../maybe-promise.ts';
import type { Row } from '../records.ts';
import type { Delivery } from '../stream/event.ts';
import type { ServedStream } from '../topic-source.ts';
import type { ExecuteSent } from './request.ts';

export interface ExecutorOptions {
  readonly schema: GraphQLSchema;
  /** A context for a batch of events. */
  readonly context: () => RequestContext;
  readonly mask: (error: GraphQLError) => GraphQLError;
}

export interface ExecutedOperation {
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Executes deliveries. Every event of a batch in the same turn, so that their reads share DataLoader's batches. Never rejects. */
export const executorOf = (
  options: ExecutorOptions,
  operation: ExecutedOperation,
  stream: ServedStream,
): ExecuteSent => {
  const plain = plainOf(options.schema, operation, stream);
  const full = fullExecutor(options, operation, stream);
  if (plain === null) return full;
  return (sent) => {
    const results = sent.map(({ delivery }) => plain.execute(delivery));
    return areWhole(results) ? results : full(sent);
  };
};

const areWhole = (results: readonly (ExecutionResult | null)[]): results is readonly ExecutionResult[] =>
  !results.includes(null);

const fullExecutor =
  (
    { schema, context, mask }: ExecutorOptions,
    { document, operationName, variables }: ExecutedOperation,
    { description }: ServedStream,
  ): ExecuteSent =>
  (sent) => {
    const operation = { schema, document, operationName, variableValues: variables, contextValue: context() };
    const shown = (result: ExecutionResult): ExecutionResult =>
      result.errors === undefined ? result : { ...result, errors: result.errors.map(mask) };
    const results = sent.map(({ delivery }): MaybePromise<ExecutionResult> => {
      const rootValue = { [description.field]: payloadOf(description, delivery) };
      const result: MaybePromise<ExecutionResult> = execute({ ...operation, rootValue });
      return isPromise(result) ? result.then(shown) : shown(result);
    });
    return areThere(results) ? results : Promise.all(results);
  };

const areThere = (results: readonly MaybePromise<ExecutionResult>[]): results is ExecutionResult[] =>
  !results.some(isPromise);

/** By document and name: operations that differ by the values of their filters alone have the same results of an event. */
const plains = new WeakMap<DocumentNode, Map<string | null, PlainResults | null>>();

const plainOf = (
  schema: GraphQLSchema,
  { document, operationName }: ExecutedOperation,
  stream: ServedStream,
): PlainResults | null => {
  const known = plains.get(document) ?? new Map<string | null, PlainResults | null>();
  plains.set(document, known);
  let plain = known.get(operationName);
  if (plain === undefined) {
    const execution = compilePlain(schema, document, operationName);
    plain = execution === null ? null : new PlainResults(execution, stream);
    known.set(operationName, plain);
  }
  return plain;
};

/** Results of one turn of the loop, made once for all operations that an event is for. */
class PlainResults {
  readonly #execution: PlainExecution;
  readonly #stream: ServedStream;
  readonly #ofTurn = new Map<
    Row,
    { readonly kind: Delivery['kind']; readonly result: ExecutionResult | null }
  >();

  constructor(execution: PlainExecution, stream: ServedStream) {
    this.#execution = execution;
    this.#stream = stream;
  }

  /** Null for what graphql-js is to execute. */
  execute(delivery: Delivery): ExecutionResult | null {
    const { row, kind } = delivery;
    const known = row === null ? undefined : this.#ofTurn.get(row);
    if (known !== undefined && known.kind === kind) return known.result;
    const data = this.#execution(payloadOf(this.#stream.description, delivery));
    const result = data === null ? null : { data };
    if (row !== null) this.#keep(row, kind, result);
    return result;
  }

  #keep(row: Row, kind: Delivery['kind'], result: ExecutionResult | null): void {
    if (this.#ofTurn.size === 0) setImmediate(() => this.#ofTurn.clear());
    this.#ofTurn.set(row, { kind, result });
  }
}
