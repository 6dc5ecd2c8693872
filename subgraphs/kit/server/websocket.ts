import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  OperationTypeNode,
} from 'graphql';
import {
  CloseCode,
  handleProtocols,
  makeServer,
  type Server as Protocol,
  type SubscribePayload,
} from 'graphql-ws';
import type { Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import { maskError } from '../graphql/mask.ts';
import type { Feed } from '../subscriptions/feed.ts';
import type { Opened, SubscribeRequest } from '../subscriptions/operations.ts';
import { refusalBody, refusalStatus, refuseBrowser } from './browser-guard.ts';
import { Documents } from './documents.ts';
import { readSubscribeExtensions } from './extensions.ts';
import { keepAlive } from './heartbeat.ts';
import { Outbox } from './outbox.ts';
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

interface Serving extends WebSocketOptions {
  readonly progress: Progress;
  readonly documents: Documents;
}

type Prepared = ExecutionArgs | readonly GraphQLError[];

/** What the protocol's core hands back with each message: where its answers go. */
interface Connected {
  readonly outbox: Outbox;
}

/** graphql-transport-ws by graphql-ws, with what docs/protocol.md adds: positions, progress, bounded operations. */
export const serveWebSockets = (options: WebSocketOptions): { close(): Promise<void> } => {
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: 1024 * 1024,
    handleProtocols,
  });
  const progress = new Progress();
  const serving: Serving = { ...options, progress, documents: new Documents(options.schema) };
  const protocol = makeServer<Record<string, unknown>, Connected>({
    schema: options.schema,
    onConnect: () => ({ tributary: { version: 1, ordered: true } }),
    onSubscribe: async (context, id, payload) => {
      // What is thrown here would close the socket, with all operations on it.
      try {
        return await prepare(serving, context.extra.outbox, id, payload);
      } catch (error) {
        return [asGraphQLError(error)];
      }
    },
    execute: (args) => options.execute(args),
    subscribe: (args) => args.contextValue as AsyncGenerator<ExecutionResult>,
    onError: (_context, _id, _payload, errors) =>
      errors.map((error) => withCode(maskError(error, options.log)).toJSON()),
  });
  options.server.on('upgrade', (request, socket, head) =>
    upgrade(options.path, sockets, { request, socket, head }, (webSocket) =>
      connect(protocol, webSocket, socket, options.log),
    ),
  );
  const timer = setInterval(() => progress.send(), options.progressMs).unref();
  return {
    close: async () => {
      clearInterval(timer);
      const closed = Promise.withResolvers<void>();
      // 1012 tells gateways to come back.
      for (const socket of sockets.clients) socket.close(1012, 'Service restart');
      const late = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate();
      }, closeMs);
      sockets.close(() => closed.resolve());
      await closed.promise;
      clearTimeout(late);
    },
  };
};

/** Binds a websocket to the protocol's core. */
const connect = (protocol: Protocol<Connected>, socket: WebSocket, raw: Duplex, log: Logger): void => {
  const outbox = new Outbox(socket, raw);
  let receive: (text: string) => Promise<void> = () => Promise.resolve();
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (text) => outbox.send(text),
      close: (code, reason) => outbox.close(code ?? 1000, reason ?? ''),
      onMessage: (listener) => {
        receive = listener;
      },
    },
    { outbox },
  );
  socket.on('message', (data) => {
    receive(String(data)).catch((error: unknown) => {
      log.error({ err: error }, 'a message of a websocket could not be handled');
      outbox.close(CloseCode.InternalServerError, 'Internal server error');
    });
  });
  // `ws` closes by itself, with the code of what was wrong with a frame.
  socket.on('error', () => undefined);
  socket.once('close', (code, reason) => void closed(code, reason.toString()));
  keepAlive(socket);
};

/** What graphql-ws is to run; a subscription is open already, so that its errors are told as those of the operation. */
const prepare = async (
  { schema, subscribe, progress, documents }: Serving,
  outbox: Outbox,
  id: string,
  payload: SubscribePayload,
): Promise<Prepared> => {
  const { document, errors } = documents.read(payload.query);
  if (errors.length > 0) return errors;
  const operationName = payload.operationName ?? null;
  const variables = payload.variables ?? {};
  const operation = { schema, document, operationName, variableValues: variables };
  if (getOperationAST(document, operationName)?.operation !== OperationTypeNode.SUBSCRIPTION) {
    return { ...operation, contextValue: undefined };
  }
  const extensions = readSubscribeExtensions(payload.extensions);
  const opened = await subscribe({
    document,
    operationName,
    variables,
    extensions,
    ping: (cursor, snapshotDue) => sendProgress(outbox, { [id]: cursor }, snapshotDue ? [id] : []),
    feed: nextFeed(outbox, id),
  });
  if (opened.kind === 'REFUSED') return opened.errors;
  const { kind, results } = opened;
  return {
    ...operation,
    contextValue: kind === 'STREAM' ? progress.track(outbox, id, results, extensions.positions) : results,
  };
};

/** Live results go past graphql-ws, whose iterators cost a result more than its execution. */
const nextFeed = (outbox: Outbox, id: string): Feed => {
  const prefix = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
  return {
    get isOpen() {
      return outbox.isWritable;
    },
    next: (payload) => void outbox.send(`${prefix}${payload}}`),
  };
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

interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

const upgrade = (
  path: string,
  sockets: WebSocketServer,
  { request, socket, head }: Upgrade,
  connected: (webSocket: WebSocket) => void,
): void => {
  // Nobody else listens any more: the reset of a client that is refused would end the process.
  socket.on('error', () => socket.destroy());
  const refusal = refuseBrowser(request.headers);
  if (refusal !== null) refuseUpgrade(socket, refusalStatus, refusalBody(refusal));
  else if (request.url?.split('?', 1)[0] !== path) refuseUpgrade(socket, 404, '');
  else sockets.handleUpgrade(request, socket, head, connected);
};

const refuseUpgrade = (socket: Duplex, status: number, body: string): void => {
  socket.end(
    `HTTP/1.1 ${status} Refused\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
};
