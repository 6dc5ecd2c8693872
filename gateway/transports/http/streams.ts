import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorMappings, TributaryError } from '../../../schema/errors.ts';
import { formatted, refusal } from '../../errors.ts';
import { paced } from '../../paced.ts';
import { multipartFormat } from '../multipart/format.ts';
import { type Prepared, prepareOperation, type TransportContext } from '../operation.ts';
import { endMark, sseFormat } from '../sse/format.ts';
import { type AcceptedStream, acceptedStream, acceptsGzip } from './accept.ts';
import type { StreamFormat } from './format.ts';
import { Places } from './places.ts';
import { readStreamRequest } from './request.ts';
import { singleSource } from './single.ts';
import { gzipSink, plainSink } from './sink.ts';
import { ResponseStream } from './stream.ts';

export interface HttpStreamsOptions {
  readonly context: TransportContext;
  /** Compress for clients that accept gzip. */
  readonly compression: boolean;
}

/** Proxies must neither keep a stream nor wait until it ends. */
const headers = { 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' };

const draining = (): TributaryError =>
  new TributaryError('DRAINING', 'The gateway is about to stop; connect again.');

/** The streamed responses of a gateway, SSE and multipart: opens them, keeps them alive, and drains them. */
export class HttpStreams {
  readonly #options: HttpStreamsOptions;
  readonly #places: Places;
  readonly #streams = new Set<ResponseStream>();
  readonly #timers: readonly NodeJS.Timeout[];
  #draining = false;

  constructor(options: HttpStreamsOptions) {
    this.#options = options;
    const { limits, subscriptions } = options.context;
    this.#places = new Places(limits, subscriptions.counters);
    this.#timers = [
      setInterval(() => this.#each((stream) => stream.beat()), limits.heartbeatMs),
      setInterval(() => this.#each((stream) => stream.progress()), limits.progressMs),
    ];
  }

  /** Answers a request that is one for a stream; false: it is not, and nothing was done. */
  serve(request: FastifyRequest, reply: FastifyReply): boolean {
    const accepted = acceptedStream(request.headers.accept);
    if (accepted === null) return false;
    if (accepted.format === 'SSE' && request.headers['last-event-id'] === endMark) {
      void reply.code(204).send();
      return true;
    }
    const operation = readStreamRequest(request);
    if (typeof operation === 'string') {
      if (!accepted.only) return false;
      refuse(reply, new TributaryError('BAD_REQUEST', `${operation}.`));
      return true;
    }
    const { context } = this.#options;
    const prepared = prepareOperation(operation, context.subscriptions.newQuota(), context);
    if (!isStreamed(prepared, accepted, request.method)) return false;
    this.#answer(request, reply, accepted, prepared);
    return true;
  }

  /** Answers a request that is not looked into with an error that passes. */
  refuse({ method, headers }: FastifyRequest, reply: FastifyReply, error: TributaryError): void {
    const accepted = acceptedStream(headers.accept);
    if (method === 'GET' && accepted?.format === 'SSE' && accepted.only) askBack(reply, sseFormat(true));
    else refuse(reply, error);
  }

  /**
   * Takes no more, and ends all streams so that clients come back, spread over `drainMs` (S21). Resolves when all are gone,
   * at the latest a second after the last was ended.
   */
  async stop(): Promise<void> {
    this.#draining = true;
    const errors = [formatted(draining())];
    const ended: Promise<void>[] = [];
    await new Promise<void>((resolve) => {
      const end = (stream: ResponseStream): void => void ended.push(stream.drain(errors));
      paced(this.#streams, this.#options.context.limits.drainMs, end, resolve);
    });
    await Promise.all(ended);
    for (const timer of this.#timers) clearInterval(timer);
  }

  #each(act: (stream: ResponseStream) => void): void {
    for (const stream of this.#streams) act(stream);
  }

  #answer(request: FastifyRequest, reply: FastifyReply, accepted: AcceptedStream, prepared: Prepared): void {
    const blind = blindPage(request);
    if (blind !== null) {
      refuse(reply, blind);
      return;
    }
    // A stock EventSource comes back by itself, and always by GET.
    const resumes = accepted.format === 'SSE' && request.method === 'GET';
    const format = accepted.format === 'SSE' ? sseFormat(resumes) : multipartFormat;
    const { ip } = request;
    const full = this.#draining ? draining() : this.#places.enter(ip);
    if (full === null) {
      const stream = this.#open(request, reply, format);
      void stream.closed.then(() => this.#places.leave(ip));
      this.#start(stream, prepared);
    } else if (resumes) {
      askBack(reply, format);
    } else {
      refuse(reply, full);
    }
  }

  /** Headers leave at once: until they come, a client cannot tell a quiet stream from a gateway that is gone. */
  #open(request: FastifyRequest, reply: FastifyReply, format: StreamFormat): ResponseStream {
    const { context, compression } = this.#options;
    const response = hijacked(reply);
    const gzip = compression && acceptsGzip(request.headers['accept-encoding']);
    response.writeHead(200, {
      ...headers,
      'content-type': format.contentType,
      ...(gzip ? { 'content-encoding': 'gzip' } : {}),
    });
    response.flushHeaders();
    request.socket.setKeepAlive(true, context.limits.heartbeatMs);
    const stream = new ResponseStream({
      response,
      sink: gzip ? gzipSink(response) : plainSink(response),
      format,
      onStalled: () => {
        context.subscriptions.counters.slowClients += 1;
      },
    });
    this.#streams.add(stream);
    void stream.closed.then(() => this.#streams.delete(stream));
    return stream;
  }

  #start(stream: ResponseStream, prepared: Prepared): void {
    if (prepared.kind === 'REFUSED') {
      stream.refuse(prepared.errors);
    } else if (prepared.kind === 'SINGLE') {
      void this.#execute(stream, prepared);
    } else {
      try {
        stream.attach(prepared.subscribe);
      } catch (error) {
        stream.refuse(refusal(error, this.#options.context.logError));
      }
    }
  }

  async #execute(stream: ResponseStream, prepared: Extract<Prepared, { kind: 'SINGLE' }>): Promise<void> {
    const abort = new AbortController();
    void stream.closed.then(() =>
      abort.abort(new TributaryError('BAD_REQUEST', 'The client ended the operation.')),
    );
    try {
      const source = singleSource(await prepared.execute(abort.signal));
      stream.attach(() => source);
    } catch (error) {
      if (!abort.signal.aborted) stream.refuse(refusal(error, this.#options.context.logError));
    }
  }
}

/**
 * A subscription is streamed in what the client takes. All else is for GraphQL over HTTP, but from a client that takes
 * nothing but a stream: there graphql-sse sends its queries too, by POST.
 */
const isStreamed = (prepared: Prepared, { format, only }: AcceptedStream, method: string): boolean => {
  if (prepared.kind === 'STREAM') return true;
  if (prepared.kind === 'REFUSED') return only;
  return only && format === 'SSE' && method === 'POST';
};

/** A page can send a GET to any address without an Origin, if it does without the answer (S29). An EventSource never does. */
const blindPage = ({ headers: { 'sec-fetch-mode': mode } }: FastifyRequest): TributaryError | null =>
  mode === 'no-cors'
    ? new TributaryError('FORBIDDEN_ORIGIN', 'A page that cannot read the answer may not open a stream.')
    : null;

/** An EventSource gives up for good on any status but 200, so what may succeed later is no error for it. */
const askBack = (reply: FastifyReply, format: StreamFormat): void => {
  const response = hijacked(reply);
  response.writeHead(200, { ...headers, 'content-type': format.contentType, connection: 'close' });
  response.end(format.opening());
};

const refuse = (reply: FastifyReply, error: TributaryError): void => {
  void reply.code(errorMappings[error.code].http).send({ errors: [formatted(error)] });
};

/** The response itself, with the headers that stand so far. */
const hijacked = (reply: FastifyReply): FastifyReply['raw'] => {
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  return reply.raw;
};
