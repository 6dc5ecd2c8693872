import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { ApolloServerPlugin, BaseContext } from '@apollo/server';
import { requestIdHeader } from '../../../schema/request-id.ts';
import { corsHeaders } from '../../policies/cors.ts';
import { checkOrigin, type OriginPolicy } from '../../policies/origin.ts';
import { requestOf, withRequest } from '../../request-scope.ts';
import type { Documents } from '../documents.ts';
import type { TransportContext } from '../operation.ts';
import { findOperation, type PlainReply } from './answer.ts';
import { type PlainBody, readBody, readSearch } from './body.ts';
import { type PlainHead, type RequestHead, readHead } from './head.ts';
import type { WireRequest } from './wire-request.ts';

export interface ShortWayOptions {
  readonly context: TransportContext;
  readonly policy: OriginPolicy;
  /** False: everything goes the long way. */
  readonly open: (socket: Socket) => boolean;
}

/**
 * The way of plain requests, whose document Apollo Server has let through before. They are the most, and what
 * stands between the socket and the executor costs as much as a small join
 * (docs/decisions/0016-answer-known-documents-directly.md). What is not plain, or not right, goes the long way through Fastify
 * and Apollo Server, which judge it; the answers are the same, byte for byte.
 */
export class ShortWay {
  readonly #options: ShortWayOptions;
  /** Bodies that were read before it was seen that their requests go the long way. */
  readonly #read = new WeakMap<IncomingMessage, Buffer>();
  /** The last name under which the gateway was addressed, and which it may be: most clients use one, and it takes 2 µs to judge. */
  #allowedHost: string | null = null;

  constructor(options: ShortWayOptions) {
    this.#options = options;
  }

  /** Serves plain requests, and passes on all others. */
  listener(longWay: RequestListener): RequestListener {
    return (request, response) => {
      const head = this.#headOf(request, request.socket);
      if (head === null) {
        longWay(request, response);
        return;
      }
      if (head.search !== null) {
        const reply = this.#reply(request.headers, head, readSearch(head.search));
        if (reply === null) longWay(request, response);
        else void reply.then((plain) => write(response, plain));
        return;
      }
      readAll(request, (bytes) => {
        const reply = this.#reply(request.headers, head, readBody(bytes.toString()));
        if (reply !== null) {
          void reply.then((plain) => write(response, plain));
          return;
        }
        this.#read.set(request, bytes);
        longWay(request, response);
      });
    };
  }

  /** The same before Node's HTTP has seen anything of it; null: it is Node's. */
  serveWire(request: WireRequest, socket: Socket): Promise<PlainReply> | null {
    const head = this.#headOf(request, socket);
    if (head === null) return null;
    const body = head.search === null ? readBody(request.body.toString()) : readSearch(head.search);
    return this.#reply(request.headers, head, body);
  }

  /** The body of a request that was passed on, as a stream; undefined: nobody has read it. */
  bodyOf(request: IncomingMessage): Readable | undefined {
    const bytes = this.#read.get(request);
    return bytes === undefined ? undefined : Readable.from([bytes]);
  }

  #headOf(request: RequestHead, socket: Socket): PlainHead | null {
    const { context, open } = this.#options;
    const head = open(socket) ? readHead(request, context.limits.bodyBytes) : null;
    return head !== null && this.#isAllowed(request.headers) ? head : null;
  }

  #isAllowed(headers: IncomingHttpHeaders): boolean {
    const { host, origin } = headers;
    if (origin === undefined && host === this.#allowedHost) return true;
    const allowed = checkOrigin(headers, this.#options.policy) === null;
    if (allowed && host !== undefined) this.#allowedHost = host;
    return allowed;
  }

  #reply(headers: IncomingHttpHeaders, head: PlainHead, body: PlainBody | null): Promise<PlainReply> | null {
    const kinds = head.search === null ? ofPost : ofGet;
    const operation = body === null ? null : findOperation(body, kinds, this.#options.context);
    if (operation === null) return null;
    const client = requestOf(headers);
    const { contentType } = head;
    return withRequest(client, operation).then(({ status, body }) => ({
      status,
      body,
      headers: {
        [requestIdHeader]: client.id,
        ...corsHeaders(headers),
        'cache-control': 'no-store',
        'content-type': contentType,
      },
    }));
  }
}

/** Operations that a method may run. */
const ofGet = ['query'];
const ofPost = ['query', 'mutation'];

/** Tells what Apollo Server lets through. */
export const admittedDocuments = (documents: Documents): ApolloServerPlugin<BaseContext> => ({
  requestDidStart: async () => ({
    didResolveOperation: async ({ schema, source, document, metrics, queryHash }) => {
      documents.keep(schema, source, document);
      if (metrics.persistedQueryHit || metrics.persistedQueryRegister) documents.persist(queryHash, source);
    },
  }),
});

/** A request that does not come whole is ended by the server. */
const readAll = (request: IncomingMessage, done: (bytes: Buffer) => void): void => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.once('end', () => {
    const [first] = chunks;
    done(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks));
  });
};

const write = (response: ServerResponse, { status, headers, body }: PlainReply): void => {
  response.writeHead(status, { ...headers, 'content-length': body.length });
  // Head and text leave as one buffer.
  response.end(body.text, body.encoding);
};
