import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import type { SubgraphDescription } from '../../schema/description.ts';
import { TributaryError } from '../../schema/errors.ts';
import { describeSubgraph, type SchemaSource } from '../../schema/index.ts';
import { type AfterPositions, type RequestContext, requestContext } from './context.ts';
import { maskError } from './graphql/mask.ts';
import type { Resolvers } from './graphql/resolvers.ts';
import { buildSchema } from './graphql/schema.ts';
import { createProducer, type Producer } from './kafka/producer.ts';
import type { Pipeline } from './pipeline.ts';
import { openPipelines } from './pipelines.ts';
import { createHttp } from './server/http.ts';
import { serveWebSockets } from './server/websocket.ts';
import { executeOperation, type OperationsOptions, openOperation } from './subscriptions/operations.ts';
import { Subscriptions } from './subscriptions/subscription.ts';
import type { ServedStream } from './topic-source.ts';
import type { SharedViews } from './view-store.ts';
import { Writer } from './write/writer.ts';

export interface SubgraphOptions {
  readonly name: string;
  readonly sources: readonly SchemaSource[];
  /** Add to or replace what the directives give. */
  readonly resolvers?: Resolvers;
  readonly kafka: { readonly brokers: readonly string[]; readonly clientId: string };
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Where views are kept; one process at a time. */
  readonly dataDirectory: string;
  /** Keeps views in Redis, where replicas share them (S27). Default: in files of `dataDirectory`. */
  readonly views?: SharedViews;
  /** Create declared topics that are missing; otherwise a missing topic ends the start. */
  readonly createTopics: boolean;
  /** Replication factor of topics that are created; −1: the broker's default. */
  readonly replication: number;
  /** Listen only when views are ready: for a process that joins others on their port. Default: at once. */
  readonly listenWhenReady?: boolean;
  /** This process among those that share the port, for /health/ready, which is not ready before all have started. */
  readonly worker?: () => { readonly number: number; readonly of: number; readonly started: boolean };
  /** Milliseconds between two pings that tell subscriptions of progress without an event (S10). Default 5,000. */
  readonly progressMs?: number;
  readonly log: Logger;
}

export interface RunningSubgraph {
  readonly url: string;
  readonly port: number;
  /** Resolves when every view and window reached the end that its topic had at the start (S28). */
  readonly ready: Promise<void>;
  /**
   * Rejects when the subgraph cannot go on: a topic made again, a record that must stop it, a failed view. Never
   * resolves; without topics it never settles.
   */
  readonly failed: Promise<never>;
  /** Ends subscriptions with 1012, finishes running requests, closes views and connections. */
  stop(): Promise<void>;
}

/**
 * How long views may wait for `extensions.tributary.after`: joins must be quick, requests may be patient (S16, S24), but
 * less so than the gateway (5 s), else clients are told of a timeout instead of NOT_YET.
 */
const afterWaitMs = { entities: 1_000, others: 4_000 };

/**
 * Starts a subgraph from its SDL. Rejects with SCHEMA_INVALID (all mistakes), TOPIC_MISMATCH (all differences),
 * KAFKA_UNAVAILABLE, or the listener's error.
 */
export const startSubgraph = async (options: SubgraphOptions): Promise<RunningSubgraph> => {
  const { log } = options;
  const resolvers = options.resolvers ?? {};
  const { description, document } = describeSubgraph(options.sources, {
    resolved: resolvedFields(resolvers),
  });
  const schema = buildSchema(document, description, resolvers);
  // What was opened is closed in reverse, when the start fails halfway and when the subgraph stops.
  await using opened = new AsyncDisposableStack();
  // Without topics there is nothing to write to, and no Kafka is needed.
  const producer =
    description.topics.length === 0 ? nothingToWrite : await createProducer({ ...options.kafka, log });
  opened.adopt(producer, (each) => each.close());
  const pipelines = opened.use(await openPipelines({ ...options, description, producer })).byType;
  const writer = new Writer(producer);
  const subscriptions = new Subscriptions();
  const context = (after: AfterPositions | null, waitMs: number, keepRows = true): RequestContext =>
    requestContext({ sources: pipelines, writer, after, afterWaitMs: waitMs, keepRows });
  const http = await createHttp({
    schema,
    host: options.host,
    port: options.port,
    context: (after, isEntities) => context(after, isEntities ? afterWaitMs.entities : afterWaitMs.others),
    health: () => health(options, pipelines, subscriptions),
    log,
  });
  opened.adopt(http, (each) => each.stop());
  const operations: OperationsOptions = {
    schema,
    streams: servedStreams(description, pipelines),
    subscriptions,
    context: () => context(null, afterWaitMs.others),
    lastingContext: () => context(null, afterWaitMs.others, false),
    mask: (error) => maskError(error, log),
  };
  const webSockets = serveWebSockets({
    server: http.server,
    path: '/graphql',
    schema,
    subscribe: (request) => openOperation(operations, request),
    execute: (args) => executeOperation(operations, args),
    progressMs: options.progressMs ?? 5_000,
    log,
  });
  opened.adopt(webSockets, (each) => each.close());
  const ready = heard(whenReady([...pipelines.values()], log));
  const failed = heard(Promise.race([...pipelines.values()].map((pipeline) => pipeline.failed)));
  if (options.listenWhenReady === true) await Promise.race([ready, failed]);
  await http.listen();
  const running = opened.move();
  return {
    ...addressOf(http.server, options.host),
    ready,
    failed,
    stop: () => running.disposeAsync(),
  };
};

/** Whoever does not look at a promise of the running subgraph is not to be ended by its rejection. */
const heard = <Value>(promise: Promise<Value>): Promise<Value> => {
  promise.catch(() => undefined);
  return promise;
};

const nothingToWrite: Producer = {
  send: () => Promise.reject(new TributaryError('INTERNAL', 'This subgraph has no topics.')),
  close: () => Promise.resolve(),
};

const resolvedFields = (resolvers: Resolvers): readonly string[] =>
  Object.entries(resolvers).flatMap(([type, fields]) =>
    Object.keys(fields).map((field) => `${type}.${field}`),
  );

const whenReady = async (pipelines: readonly Pipeline[], log: Logger): Promise<void> => {
  await Promise.all(pipelines.map((pipeline) => pipeline.ready));
  log.info({ topics: pipelines.map(({ state }) => state) }, 'ready');
};

const servedStreams = (
  description: SubgraphDescription,
  pipelines: ReadonlyMap<string, Pipeline>,
): ReadonlyMap<string, ServedStream> =>
  new Map(
    description.streams.flatMap((stream) => {
      const source = pipelines.get(stream.type);
      return source === undefined ? [] : [[stream.field, { description: stream, source }] as const];
    }),
  );

const health = (
  { name, worker }: SubgraphOptions,
  pipelines: ReadonlyMap<string, Pipeline>,
  subscriptions: Subscriptions,
) => {
  const topics = [...pipelines.values()].map(({ state }) => state);
  const place = worker?.();
  const ready = topics.every((topic) => topic.ready) && (place?.started ?? true);
  return {
    ready,
    body: {
      status: ready ? 'ready' : 'starting',
      subgraph: name,
      ...(place !== undefined && { worker: place }),
      topics,
      subscriptions: subscriptions.counters,
    },
  };
};

const addressOf = (server: Server, host: string): { url: string; port: number } => {
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://${host.includes(':') ? `[${host}]` : host}:${port}/graphql` };
};
