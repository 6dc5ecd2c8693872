import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  type FieldNode,
  GraphQLError,
  type GraphQLSchema,
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  Kind,
  print,
} from 'graphql';
import { TributaryError } from '../../../schema/errors.ts';
import type { RequestContext } from '../context.ts';
import type { SubscribeExtensions } from '../server/extensions.ts';
import type { ServedStream } from '../topic-source.ts';
import { executorOf } from './executor.ts';
import type { Feed } from './feed.ts';
import { subscribeOwn } from './own-subscription.ts';
import { rootField } from './root-field.ts';
import type { OpenSubscription, Subscriptions } from './subscription.ts';

export interface OperationsOptions {
  readonly schema: GraphQLSchema;
  readonly streams: ReadonlyMap<string, ServedStream>;
  readonly subscriptions: Subscriptions;
  /** A context for a query, or for a batch of events. */
  readonly context: () => RequestContext;
  /** One that outlives a request, and so keeps no rows. */
  readonly lastingContext: () => RequestContext;
  readonly mask: (error: GraphQLError) => GraphQLError;
}

/** A subscription as it came over a websocket; its document is valid for the schema. */
export interface SubscribeRequest {
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly extensions: SubscribeExtensions;
  /** Tells the position of the operation without an event (docs/protocol.md). */
  ping(cursor: string, snapshotDue: boolean): void;
  readonly feed: Feed;
}

/** A stream of ours, a subscription of the author's own, or why there is none. */
export type Opened =
  | { readonly kind: 'STREAM'; readonly results: OpenSubscription }
  | { readonly kind: 'OWN'; readonly results: AsyncIterableIterator<ExecutionResult, void> }
  | { readonly kind: 'REFUSED'; readonly errors: readonly GraphQLError[] };

/** Executes a query or mutation that came over a websocket. */
export const executeOperation = async (
  { context, mask }: OperationsOptions,
  operation: ExecutionArgs,
): Promise<ExecutionResult> => masked(mask, await execute({ ...operation, contextValue: context() }));

/** From a subscription of a client to the stream that answers it. A field without `@consume` is the author's own. */
export const openOperation = async (
  options: OperationsOptions,
  request: SubscribeRequest,
): Promise<Opened> => {
  const operation = getOperationAST(request.document, request.operationName);
  if (!operation) throw new TributaryError('BAD_REQUEST', 'The document has no operation of that name.');
  const variables = getVariableValues(options.schema, operation.variableDefinitions ?? [], request.variables);
  if (variables.errors !== undefined) return { kind: 'REFUSED', errors: variables.errors.map(asUserInput) };
  const field = rootField(request.document, operation, variables.coerced);
  if (field === null) {
    throw new TributaryError('BAD_USER_INPUT', '@skip or @include leave no field to subscribe to.');
  }
  const stream = options.streams.get(field.name.value);
  return stream === undefined
    ? openOwn(options, request)
    : { kind: 'STREAM', results: openStream(options, request, stream, field, variables.coerced) };
};

const openStream = (
  options: OperationsOptions,
  request: SubscribeRequest,
  stream: ServedStream,
  field: FieldNode,
  variables: Record<string, unknown>,
): OpenSubscription => {
  const args = argumentsOf(options.schema, field, variables);
  const fromName = stream.description.fromArgument;
  const from = fromName === null ? undefined : args[fromName];
  return options.subscriptions.open({
    stream,
    args,
    identity: identityOf(request, field, fromName),
    start: {
      cursor: request.extensions.cursor,
      from: typeof from === 'string' ? from : null,
      live: request.extensions.live,
      until: request.extensions.until,
    },
    execute: executorOf(options, request, stream),
    onStart: (cursor, snapshotDue) => request.ping(cursor, snapshotDue),
    onEnd: (cursor) => request.ping(cursor, false),
    feed: request.feed,
  });
};

const openOwn = async (
  { schema, context, lastingContext, mask }: OperationsOptions,
  { document, operationName, variables }: SubscribeRequest,
): Promise<Opened> => {
  const opened = await subscribeOwn({
    operation: { schema, document, operationName, variableValues: variables },
    context,
    lastingContext,
    mask: (result) => masked(mask, result),
  });
  return 'next' in opened
    ? { kind: 'OWN', results: opened }
    : { kind: 'REFUSED', errors: opened.errors ?? [] };
};

const masked = (mask: OperationsOptions['mask'], result: ExecutionResult): ExecutionResult =>
  result.errors === undefined ? result : { ...result, errors: result.errors.map(mask) };

const asUserInput = ({ message, nodes }: GraphQLError): GraphQLError =>
  new GraphQLError(message, { ...(nodes && { nodes }), extensions: { code: 'BAD_USER_INPUT' } });

const argumentsOf = (
  schema: GraphQLSchema,
  field: FieldNode,
  variables: Record<string, unknown>,
): Record<string, unknown> => {
  const definition = schema.getSubscriptionType()?.getFields()[field.name.value];
  if (definition === undefined)
    throw new TributaryError('BAD_REQUEST', `There is no subscription "${field.name.value}".`);
  return getArgumentValues(definition, field, variables);
};

/** Equal for operations whose events have equal results: the variable that holds the position is no part of it (S7, S15). */
const identityOf = (request: SubscribeRequest, field: FieldNode, fromName: string | null): string => {
  const from = field.arguments?.find(({ name }) => name.value === fromName)?.value;
  const positionVariable = from?.kind === Kind.VARIABLE ? from.name.value : null;
  const variables = Object.entries(request.variables)
    .filter(([name]) => name !== positionVariable)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([printed(request.document), request.operationName, variables]);
};

const prints = new WeakMap<DocumentNode, string>();

/** Documents come from a cache, so most are printed once. */
const printed = (document: DocumentNode): string => {
  const text = prints.get(document) ?? print(document);
  prints.set(document, text);
  return text;
};
