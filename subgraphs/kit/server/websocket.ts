import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  OperationTypeNode,
  parse,
  validate,
} from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import type { Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import { maskError } from '../graphql/mask.ts';
import type { Opened, SubscribeRequest } from '../subscriptions/operations.ts';
import { refusalBody, refusalStatus, refuseBrowser } from './browser-guard.ts';
import { readSubscribeExtensions } from './extensions.ts';
import { maximumTokens } from './limits.ts';
import { Progress, sendProgress } from './progress.ts';

/** How long a client has to answer the close frame at a stop; one that does not read never answers (S21). */
const closeMs = 1_000;

export interface WebSocketOptions {
  readonly server: Server;
  readonly path: string;
  readonly schema: GraphQLSchema;
  readonly subscribe: (request: SubscribeRequest) => Promise<Opened>;
  readonly execute: (args: ExecutionArgs) => Promise<ExecutionResult>;
  /** Between two pings with progress (S10). */
  readonly progressMs: number;
  readonly log: Logger;
}

type Prepared = ExecutionArgs | readonly GraphQLError[];

/** graphql-transport-ws by graphql-ws, with what docs/protocol.md adds: positions, progress, bounded operations. */
export const serveWebSockets = (options: WebSocketOptions): { close(): Promise<void> } => {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 1024 * 1024 });
  options.server.on('upgrade', (request, socket, head) => upgrade(options, sockets, request, socket, head));
  const progress = new Progress();
  const running = useServer(
    {
      schema: options.schema,
      onConnect: () => ({ tributary: { version: 1 } }),
      onSubscribe: async (context, id, payload) => {
        // What is thrown here would close the socket, with all operations on it.
        try {
          return await prepare(options, progress, context.extra.socket, id, payload);
        } catch (error) {
          return [asGraphQLError(error)];
        }
      },
      execute: (args) => options.execute(args),
      subscribe: (args) => args.contextValue as AsyncGenerator<ExecutionResult>,
      onError: (_context, _id, _payload, errors) =>
        errors.map((error) => (isGone(error) ? error : withCode(maskError(error, options.log))).toJSON()),
    },
    sockets,
    12_000,
  );
  const timer = setInterval(() => progress.send(), options.progressMs).unref();
  return {
    close: async () => {
      clearInterval(timer);
      // 1012 tells gateways to come back; the disposal of graphql-ws would say 1001.
      for (const socket of sockets.clients) socket.close(1012, 'Service restart');
      const late = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate();
      }, closeMs);
      await running.dispose();
      clearTimeout(late);
    },
  };
};

/** What graphql-ws is to run; a subscription is open already, so that its errors are told as those of the operation. */
const prepare = async (
  options: WebSocketOptions,
  progress: Progress,
  socket: WebSocket,
  id: string,
  payload: SubscribePayload,
): Promise<Prepared> => {
  const { schema } = options;
  const document = parse(payload.query, { maxTokens: maximumTokens });
  const errors = validate(schema, document);
  if (errors.length > 0) return errors;
  const operationName = payload.operationName ?? null;
  const variables = payload.variables ?? {};
  const operation = { schema, document, operationName, variableValues: variables };
  if (getOperationAST(document, operationName)?.operation !== OperationTypeNode.SUBSCRIPTION) {
    return { ...operation, contextValue: undefined };
  }
  const opened = await options.subscribe({
    document,
    operationName,
    variables,
    extensions: readSubscribeExtensions(payload.extensions),
    ping: (cursor, snapshotDue) => sendProgress(socket, { [id]: cursor }, snapshotDue ? [id] : []),
  });
  if (opened.kind === 'REFUSED') return opened.errors;
  const { kind, results } = opened;
  return { ...operation, contextValue: kind === 'STREAM' ? progress.track(socket, id, results) : results };
};

/** The client went while it was being sent something: nobody reads the error, and it is none of ours. */
const isGone = ({ originalError }: GraphQLError): boolean => {
  const code = (originalError as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ECONNRESET' || code === 'EPIPE';
};

const asGraphQLError = (error: unknown): GraphQLError => {
  if (error instanceof GraphQLError) return error;
  const originalError = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(originalError.message, { originalError });
};

/** What graphql-js says of a document has no code: the client sent what cannot be executed. */
const withCode = (error: GraphQLError): GraphQLError => {
  if (error.extensions.code !== undefined) return error;
  const { message, nodes, source, positions, path } = error;
  return new GraphQLError(message, {
    ...(nodes && { nodes }),
    ...(source && { source }),
    ...(positions && { positions }),
    ...(path && { path }),
    extensions: { ...error.extensions, code: 'BAD_REQUEST' },
  });
};

const upgrade = (
  { path }: WebSocketOptions,
  sockets: WebSocketServer,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void => {
  // Nobody else listens any more: the reset of a client that is refused would end the process.
  socket.on('error', () => socket.destroy());
  const refusal = refuseBrowser(request.headers);
  if (refusal !== null) refuseUpgrade(socket, refusalStatus, refusalBody(refusal));
  else if (request.url?.split('?', 1)[0] !== path) refuseUpgrade(socket, 404, '');
  else
    sockets.handleUpgrade(request, socket, head, (webSocket) =>
      sockets.emit('connection', webSocket, request),
    );
};

const refuseUpgrade = (socket: Duplex, status: number, body: string): void => {
  socket.end(
    `HTTP/1.1 ${status} Refused\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
};
