import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { ApolloServerPlugin, BaseContext } from '@apollo/server';
import { requestIdHeader } from '../../../schema/request-id.ts';
import { corsHeaders } from '../../policies/cors.ts';
import { checkOrigin, type OriginPolicy } from '../../policies/origin.ts';
import { requestOf, withRequest } from '../../request-scope.ts';
import type { Documents } from '../documents.ts';
import type { TransportContext } from '../operation.ts';
import { findOperation, type PlainAnswer } from './answer.ts';
import { type PlainBody, readBody, readSearch } from './body.ts';
import { type PlainHead, readHead } from './head.ts';

export interface ShortWayOptions {
  readonly context: TransportContext;
  readonly policy: OriginPolicy;
  /** False: everything goes the long way. */
  readonly open: (request: IncomingMessage) => boolean;
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
    const { context, open } = this.#options;
    return (request, response) => {
      const head = open(request) ? readHead(request, context.limits.bodyBytes) : null;
      if (head === null || !this.#isAllowed(request)) {
        longWay(request, response);
        return;
      }
      if (head.search !== null) {
        const query = readSearch(head.search);
        if (!this.#serve(query, ofGet, { request, response, head })) longWay(request, response);
        return;
      }
      readAll(request, (bytes) => {
        if (this.#serve(readBody(bytes.toString()), ofPost, { request, response, head })) return;
        this.#read.set(request, bytes);
        longWay(request, response);
      });
    };
  }

  /** The body of a request that was passed on, as a stream; undefined: nobody has read it. */
  bodyOf(request: IncomingMessage): Readable | undefined {
    const bytes = this.#read.get(request);
    return bytes === undefined ? undefined : Readable.from([bytes]);
  }

  #isAllowed({ headers }: IncomingMessage): boolean {
    const { host, origin } = headers;
    if (origin === undefined && host === this.#allowedHost) return true;
    const allowed = checkOrigin(headers, this.#options.policy) === null;
    if (allowed && host !== undefined) this.#allowedHost = host;
    return allowed;
  }

  #serve(
    body: PlainBody | null,
    kinds: readonly string[],
    { request, response, head }: PlainRequest,
  ): boolean {
    const operation = body === null ? null : findOperation(body, kinds, this.#options.context);
    if (operation === null) return false;
    const client = requestOf(request.headers);
    void withRequest(client, operation).then((answer) =>
      write(response, answer, {
        [requestIdHeader]: client.id,
        ...corsHeaders(request.headers),
        'cache-control': 'no-store',
        'content-type': head.contentType,
      }),
    );
    return true;
  }
}

interface PlainRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly head: PlainHead;
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

const write = (
  response: ServerResponse,
  { status, body }: PlainAnswer,
  headers: Readonly<Record<string, string>>,
): void => {
  // Bytes are the same again as Latin-1, which V8 need not encode. Head and text leave as one buffer.
  const text = typeof body === 'string' ? body : body.toString('latin1');
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  response.writeHead(status, { ...headers, 'content-length': length });
  response.end(text, length === text.length ? 'latin1' : 'utf8');
};
