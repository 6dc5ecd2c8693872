import {
  type ExecutionResult,
  execute,
  type FieldNode,
  GraphQLError,
  type GraphQLSchema,
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
  print,
  subscribe,
} from 'graphql';
import type { RequestContext } from '../context.ts';
import { payloadOf } from '../graphql/payload.ts';
import type { Opened, SubscribeRequest } from '../server/websocket.ts';
import type { ServedStream } from '../topic-source.ts';
import type { ExecuteSent } from './request.ts';
import type { Subscriptions } from './subscription.ts';

export interface OperationsOptions {
  readonly schema: GraphQLSchema;
  readonly streams: ReadonlyMap<string, ServedStream>;
  readonly subscriptions: Subscriptions;
  /** A context for a batch of events. */
  readonly context: () => RequestContext;
  readonly mask: (error: GraphQLError) => GraphQLError;
}

/** From a subscription operation of a client to the stream that answers it. A field without `@consume` is the author's own. */
export const openOperation = async (
  options: OperationsOptions,
  request: SubscribeRequest,
): Promise<Opened> => {
  const operation = getOperationAST(request.document, request.operationName);
  if (operation === null || operation === undefined)
    return { errors: [new GraphQLError('No such operation.')] };
  const field = rootField(operation);
  const stream = field === null ? undefined : options.streams.get(field.name.value);
  if (field === null || stream === undefined) return subscribeOwn(options, request);
  const coerced = coerce(options.schema, operation, field, request.variables);
  if ('errors' in coerced) return { errors: coerced.errors };
  const fromName = stream.description.fromArgument;
  const from = fromName === null ? undefined : coerced.args[fromName];
  return options.subscriptions.open({
    stream,
    args: coerced.args,
    identity: identityOf(request, field, fromName),
    start: {
      cursor: request.extensions.cursor,
      from: typeof from === 'string' ? from : null,
      live: request.extensions.live,
      until: request.extensions.until,
    },
    execute: executor(options, request, coerced.variables, stream),
    onStart: (cursor, snapshotDue) => request.ping(cursor, snapshotDue),
    onEnd: (cursor) => request.ping(cursor, false),
  });
};

/** Every event of a batch is executed in the same turn, so that their reads share DataLoader's batches. */
const executor =
  (
    { schema, context, mask }: OperationsOptions,
    { document, operationName }: SubscribeRequest,
    variables: Readonly<Record<string, unknown>>,
    { description }: ServedStream,
  ): ExecuteSent =>
  (sent) => {
    const contextValue = context();
    return Promise.all(
      sent.map(async ({ delivery }) => {
        const rootValue = { [description.field]: payloadOf(description, delivery) };
        const result = await execute({
          schema,
          document,
          operationName,
          variableValues: variables,
          rootValue,
          contextValue,
        });
        return result.errors === undefined ? result : { ...result, errors: result.errors.map(mask) };
      }),
    );
  };

const rootField = (operation: OperationDefinitionNode): FieldNode | null => {
  const [selection] = operation.selectionSet.selections;
  return selection?.kind === Kind.FIELD ? selection : null;
};

const coerce = (
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  field: FieldNode,
  given: Readonly<Record<string, unknown>>,
):
  | { readonly args: Record<string, unknown>; readonly variables: Record<string, unknown> }
  | { readonly errors: readonly GraphQLError[] } => {
  const coerced = getVariableValues(schema, operation.variableDefinitions ?? [], given);
  if (coerced.errors !== undefined) return { errors: coerced.errors };
  const definition = schema.getSubscriptionType()?.getFields()[field.name.value];
  if (definition === undefined)
    return { errors: [new GraphQLError(`No subscription "${field.name.value}".`)] };
  return { args: getArgumentValues(definition, field, coerced.coerced), variables: given };
};

/** Equal for operations whose events have equal results: the variable that holds the position is no part of it (S7, S15). */
const identityOf = (request: SubscribeRequest, field: FieldNode, fromName: string | null): string => {
  const from = field.arguments?.find(({ name }) => name.value === fromName)?.value;
  const positionVariable = from?.kind === Kind.VARIABLE ? from.name.value : null;
  const variables = Object.entries(request.variables)
    .filter(([name]) => name !== positionVariable)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([print(request.document), request.operationName, variables]);
};

const subscribeOwn = async (
  { schema, context }: OperationsOptions,
  { document, operationName, variables }: SubscribeRequest,
): Promise<AsyncIterable<ExecutionResult, void> | ExecutionResult> =>
  subscribe({ schema, document, operationName, variableValues: variables, contextValue: context() });
