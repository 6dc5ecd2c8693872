import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient, type ExecutionResult } from 'graphql-ws';
import { type Logger, pino } from 'pino';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { type Resolvers, type RunningSubgraph, startSubgraph } from '../../../subgraphs/kit/index.ts';
import type { PipelineState } from '../../../subgraphs/kit/pipeline.ts';
import type { SubscriptionCounters } from '../../../subgraphs/kit/subscriptions/subscription.ts';
import { brokers } from '../../support/kafka.ts';

export interface StartOptions {
  readonly sdl: string;
  readonly resolvers?: Resolvers;
  readonly directory?: string;
  readonly name?: string;
  /** Default: any free one. */
  readonly port?: number;
  /** Default: the run's broker. */
  readonly brokers?: string;
  readonly log?: Logger;
  /** URL of a Redis for its views. Default: files. */
  readonly redis?: string;
  /** Default: that of the subgraph. */
  readonly progressMs?: number;
}

/** A folder that goes when the test ends. */
export const temporaryDirectory = async (): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'tributary-test-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
};

/** A subgraph in this process against the run's real broker; it is stopped when the test ends. */
export const runSubgraph = async (options: StartOptions): Promise<RunningSubgraph> => {
  const subgraph = await startSubgraph({
    name: options.name ?? 'things',
    sources: [{ file: 'things.graphql', text: options.sdl }],
    ...(options.resolvers === undefined ? {} : { resolvers: options.resolvers }),
    kafka: { brokers: (options.brokers ?? brokers()).split(','), clientId: 'test' },
    host: '127.0.0.1',
    port: options.port ?? 0,
    dataDirectory: options.directory ?? (await temporaryDirectory()),
    ...(options.redis === undefined ? {} : { views: { redis: options.redis } }),
    ...(options.progressMs === undefined ? {} : { progressMs: options.progressMs }),
    createTopics: true,
    replication: 1,
    log: options.log ?? pino({ level: process.env.TRIBUTARY_LOG_LEVEL ?? 'silent' }),
  });
  onTestFinished(() => subgraph.stop());
  await subgraph.ready;
  return subgraph;
};

/** A stock GraphQL-over-HTTP request. */
export const post = async (
  url: string,
  query: string,
  variables: Record<string, unknown> = {},
  extensions: Record<string, unknown> = {},
): Promise<ExecutionResult> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables, extensions }),
  });
  return (await response.json()) as ExecutionResult;
};

export interface Follower {
  readonly client: Client;
  readonly results: ExecutionResult[];
  readonly pings: unknown[];
  /** Resolves with the results so far when there are `count`; rejects when the operation ends before. */
  until(count: number): Promise<readonly ExecutionResult[]>;
  /** Resolves at `complete`, rejects with the operation's errors. */
  readonly done: Promise<void>;
  leave(): Promise<void>;
}

/** A stock graphql-ws client with one subscription. */
export const follow = (
  url: string,
  query: string,
  payload: { variables?: Record<string, unknown>; extensions?: Record<string, unknown> } = {},
): Follower => {
  const results: ExecutionResult[] = [];
  const pings: unknown[] = [];
  const waiting = new Set<() => void>();
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    lazy: true,
  });
  client.on('ping', (received, data) => {
    if (received && data !== undefined) pings.push(data);
  });
  const ended = Promise.withResolvers<void>();
  ended.promise.catch(() => undefined);
  const leave = client.subscribe(
    { query, ...payload },
    {
      next: (result) => {
        results.push(result as ExecutionResult);
        for (const check of waiting) check();
      },
      error: (error) => ended.reject(error),
      complete: () => ended.resolve(),
    },
  );
  const until = async (count: number): Promise<readonly ExecutionResult[]> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = (): void => {
      if (results.length >= count) resolve();
    };
    waiting.add(check);
    check();
    await Promise.race([
      promise,
      ended.promise.then(() => {
        if (results.length < count) throw new Error(`ended after ${results.length} of ${count}`);
      }),
    ]);
    waiting.delete(check);
    return results;
  };
  onTestFinished(async () => {
    await client.dispose();
  });
  return {
    client,
    results,
    pings,
    until,
    done: ended.promise,
    leave: async () => {
      leave();
      await ended.promise;
    },
  };
};

export interface Results {
  readonly all: ExecutionResult[];
  /** Resolves when there are `count`; rejects with the operation's errors. */
  until(count: number): Promise<readonly ExecutionResult[]>;
}

/** One more subscription on the socket of a client. */
export const subscribeOn = (client: Client, query: string, variables: Record<string, unknown>): Results => {
  const all: ExecutionResult[] = [];
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  let wanted = { count: 0, resolve: (): void => undefined };
  client.subscribe(
    { query, variables },
    {
      next: (result) => {
        all.push(result as ExecutionResult);
        if (all.length === wanted.count) wanted.resolve();
      },
      error: (error) => failed.reject(error),
      complete: () => failed.reject(new Error(`complete after ${all.length}`)),
    },
  );
  return {
    all,
    until: async (count) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      wanted = { count, resolve };
      if (all.length >= count) resolve();
      await Promise.race([promise, failed.promise]);
      return all;
    },
  };
};

/** What a subgraph says of itself. */
export interface Health {
  readonly status: string;
  readonly topics: readonly PipelineState[];
  readonly subscriptions: SubscriptionCounters;
}

export const healthOf = async (url: string): Promise<Health> => {
  const response = await fetch(url.replace('/graphql', '/health/ready'));
  return (await response.json()) as Health;
};

interface OurExtensions {
  readonly at: readonly [partition: number, offset: number] | null;
  readonly cursor: string;
  readonly position: Readonly<Record<string, readonly (readonly [number, number])[]>>;
}

/** `extensions.tributary` of a result; throws when there is none. */
export const tributaryOf = (result: ExecutionResult | undefined): OurExtensions => {
  const tributary = result?.extensions?.tributary;
  if (tributary === undefined) throw new Error(`no extensions.tributary in ${JSON.stringify(result)}`);
  return tributary as OurExtensions;
};
