import {
  type DocumentNode,
  type ExecutionResult,
  type GraphQLFormattedError,
  getOperationAST,
  getVariableValues,
  type OperationDefinitionNode,
} from 'graphql';
import { TributaryError } from '../../schema/errors.ts';
import { withCode } from '../errors.ts';
import { afterOf } from '../generation/apollo.ts';
import type { Generation } from '../generation/generation.ts';
import type { GatewayLimits } from '../limits.ts';
import { forwardedHeaders } from '../request-scope.ts';
import type { ClientQuota, Outlet, Subscriber, Subscriptions } from '../subscriptions/index.ts';
import { countedAnswer, countedStart, type Usage } from '../usage/usage.ts';
import type { Documents } from './documents.ts';
import { isObject } from './payload.ts';

/** What every transport to clients works with. */
export interface TransportContext {
  /** The one that new operations go to. */
  generation(): Generation;
  readonly documents: Documents;
  readonly usage: Usage;
  readonly subscriptions: Subscriptions;
  readonly limits: GatewayLimits;
  /** Takes what clients must not see, with the id that they see instead. */
  logError(error: unknown, id: string): void;
}

/** An operation as a client sends it, whatever the transport. */
export interface OperationRequest {
  readonly query: string;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** What a request turned out to be. */
export type Prepared =
  | { readonly kind: 'REFUSED'; readonly errors: readonly GraphQLFormattedError[] }
  | { readonly kind: 'SINGLE'; execute(signal: AbortSignal): Promise<ExecutionResult> }
  | { readonly kind: 'STREAM'; subscribe(outlet: Outlet): Subscriber };

/** Parses, validates and sorts an operation of a client that has `quota`. What `subscribe` throws is for `refusal` of errors.ts. */
export const prepareOperation = (
  request: OperationRequest,
  quota: ClientQuota,
  context: TransportContext,
): Prepared => {
  const generation = context.generation();
  const { document, errors } = context.documents.read(generation, request.query);
  if (document === null) return { kind: 'REFUSED', errors };
  const operation = getOperationAST(document, request.operationName);
  if (operation === null || operation === undefined) return refused(unknownOperation(request));
  const used = { schema: generation.apiSchema, document, operation };
  const record = (failed: boolean): void => context.usage.record(used, failed);
  const tributary = request.extensions.tributary;
  return operation.operation === 'subscription'
    ? stream(
        request,
        { document, operation, generation, position: positionOf(tributary), quota, record },
        context,
      )
    : {
        kind: 'SINGLE',
        execute: (signal) =>
          countedAnswer(
            generation.execute({
              document,
              operationName: request.operationName,
              variables: request.variables,
              after: afterOf(request.extensions),
              headers: forwardedHeaders(),
              signal,
            }),
            signal,
            record,
          ),
      };
};

const stream = (
  request: OperationRequest,
  found: {
    document: DocumentNode;
    operation: OperationDefinitionNode;
    generation: Generation;
    position: string | null;
    quota: ClientQuota;
    record: (failed: boolean) => void;
  },
  { subscriptions }: TransportContext,
): Prepared => {
  const { document, operation, generation, record, ...rest } = found;
  const { errors } = getVariableValues(
    generation.apiSchema,
    operation.variableDefinitions ?? [],
    { ...request.variables },
    { maxErrors: 20 },
  );
  if (errors !== undefined)
    return { kind: 'REFUSED', errors: errors.map((error) => withCode(error, 'BAD_USER_INPUT')) };
  const { variables } = request;
  return {
    kind: 'STREAM',
    subscribe: (outlet) =>
      countedStart(
        () =>
          subscriptions.subscribe({ planner: generation, document, operation, variables, ...rest }, outlet),
        record,
      ),
  };
};

const refused = (error: TributaryError): Prepared => ({
  kind: 'REFUSED',
  errors: [{ message: error.message, extensions: { ...error.extensions } }],
});

const unknownOperation = ({ operationName }: OperationRequest): TributaryError =>
  new TributaryError(
    'BAD_REQUEST',
    operationName === null
      ? 'The document must have exactly one operation, or the request an operationName.'
      : `The document has no operation "${operationName.slice(0, 100)}".`,
  );

/** `extensions.tributary.cursor` (S7). */
const positionOf = (tributary: unknown): string | null => {
  if (!isObject(tributary)) return null;
  const cursor = tributary.cursor;
  if (cursor === undefined || cursor === null) return null;
  return typeof cursor === 'string' ? cursor : '';
};
