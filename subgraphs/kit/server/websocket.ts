import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  OperationTypeNode,
  parse,
  validate,
} from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import type { Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import { TributaryError } from '../../../schema/errors.ts';
import { maskError } from '../graphql/mask.ts';
import { refusalBody, refusalStatus, refuseBrowser } from './browser-guard.ts';
import { readSubscribeExtensions, type SubscribeExtensions } from './extensions.ts';
import { type OpenedOperation, Progress, sendProgress } from './progress.ts';

/** Progress without an event (S10). */
const progressMs = 5_000;

export interface SubscribeRequest {
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly extensions: SubscribeExtensions;
  ping(cursor: string, snapshotDue: boolean): void;
}

export interface WebSocketOptions {
  readonly server: Server;
  readonly path: string;
  readonly schema: GraphQLSchema;
  readonly subscribe: (request: SubscribeRequest) => Promise<Opened>;
  readonly execute: (args: ExecutionArgs) => Promise<ExecutionResult>;
  readonly log: Logger;
}

/** A stream of ours, a subscription of the author's own, or why there is none. */
export type Opened = OpenedOperation | AsyncIterable<ExecutionResult, void> | ExecutionResult;

interface OperationContext {
  readonly request: SubscribeRequest;
  readonly id: string;
  readonly socket: WebSocket;
}

/** graphql-transport-ws by graphql-ws, with what docs/protocol.md adds: positions, progress, bounded operations. */
export const serveWebSockets = (options: WebSocketOptions): { close(): Promise<void> } => {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 1024 * 1024 });
  options.server.on('upgrade', (request, socket: Duplex, head) => {
    const refusal = refuseBrowser(request.headers);
    if (refusal !== null) return refuseUpgrade(socket, refusalStatus, refusalBody(refusal));
    if (new URL(request.url ?? '/', 'http://localhost').pathname !== options.path)
      return refuseUpgrade(socket, 404, '');
    sockets.handleUpgrade(request, socket, head, (webSocket) =>
      sockets.emit('connection', webSocket, request),
    );
  });
  const progress = new Progress();
  const running = useServer(
    {
      schema: options.schema,
      onConnect: () => ({ tributary: { version: 1 } }),
      onSubscribe: (context, id, payload) => {
        const { socket } = context.extra;
        const document = parseOrErrors(payload.query);
        if ('length' in document) return document;
        const errors = validate(options.schema, document);
        if (errors.length > 0) return errors;
        const request: SubscribeRequest = {
          document,
          operationName: payload.operationName ?? null,
          variables: payload.variables ?? {},
          extensions: readSubscribeExtensions(payload.extensions),
          ping: (cursor, snapshotDue) => sendProgress(socket, { [id]: cursor }, snapshotDue ? [id] : []),
        };
        const operation = getOperationAST(document, payload.operationName);
        return {
          schema: options.schema,
          document,
          operationName: payload.operationName ?? null,
          variableValues: payload.variables ?? null,
          contextValue:
            operation?.operation === OperationTypeNode.SUBSCRIPTION ? { request, id, socket } : undefined,
        };
      },
      execute: (args) => options.execute(args),
      subscribe: async (args) => {
        const { request, id, socket } = args.contextValue as OperationContext;
        const opened = await options.subscribe(request);
        return 'progress' in opened
          ? progress.track(socket, id, opened as OpenedOperation)
          : (opened as AsyncGenerator<ExecutionResult>);
      },
      onError: (_context, _id, _payload, errors) =>
        errors.map((error) => maskError(error, options.log).toJSON()),
    },
    sockets,
    12_000,
  );
  const timer = setInterval(() => progress.send(), progressMs).unref();
  return {
    close: async () => {
      clearInterval(timer);
      // 1012 tells gateways to come back; the disposal of graphql-ws would say 1001.
      for (const socket of sockets.clients) socket.close(1012, 'Service restart');
      await running.dispose();
    },
  };
};

const refuseUpgrade = (socket: Duplex, status: number, body: string): void => {
  socket.end(
    `HTTP/1.1 ${status} Refused\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
};

const parseOrErrors = (query: string): DocumentNode | readonly GraphQLError[] => {
  try {
    return parse(query, { maxTokens: 10_000 });
  } catch (error) {
    if (error instanceof GraphQLError) return [error];
    throw new TributaryError('BAD_REQUEST', 'The query cannot be parsed.', { cause: error });
  }
};
