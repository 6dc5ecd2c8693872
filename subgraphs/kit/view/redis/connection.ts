import { Cluster, Redis } from 'ioredis';
import { TributaryError } from '../../../../schema/errors.ts';
import type { ViewLog } from '../view-log.ts';
import { readAddress } from './address.ts';
import type { Script } from './script.ts';
import { readInfo, reasonsAgainst } from './server-info.ts';

export interface RedisConnectionOptions {
  /** `redis://user:password@host:6379/0`, `rediss://` for TLS; several nodes of a cluster separated by commas. */
  readonly url: string;
  /** Default: silent. */
  readonly log?: ViewLog;
  /** How long a command may take, in milliseconds. Default 1,000. */
  readonly deadlineMs?: number;
}

export type Argument = string | number | Buffer;

/** One connection for all views of a process. Every command has a deadline, and the commands under way a bound. */
export interface RedisConnection {
  /** Runs a script whose keys share a slot. Texts come as Buffers. Rejects with VIEW_NOT_READY when Redis does not answer. */
  run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown>;
  /** False from the first failure until something is answered again. */
  readonly answers: boolean;
  close(): Promise<void>;
}

/**
 * Commands that Redis has not answered, those included whose caller gave up: a Redis that stands still must not gather
 * them without end. Policy: refuse.
 */
const maximumUnanswered = 4_000;
/** A server that says nothing for so many deadlines is taken for gone, and connected anew. */
const silentDeadlines = 5;

const silent: ViewLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * Connects and looks at the server. Rejects with CONFIGURATION_INVALID for an address that is none, a server that is too
 * old, and one that drops keys when its memory is full; with VIEW_NOT_READY when nothing answers.
 */
export async function connectRedis(options: RedisConnectionOptions): Promise<RedisConnection> {
  const { log = silent, deadlineMs = 1_000 } = options;
  const nodes = readAddress(options.url);
  const [first] = nodes;
  const shared = {
    ...first.access,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: deadlineMs,
    socketTimeout: deadlineMs * silentDeadlines,
    // What our scripts answer is read in one form.
    protocol: 2,
    lazyConnect: true,
  } as const;
  const retryStrategy = (times: number): number => Math.min(50 * 2 ** Math.min(times, 10), 1_000);
  const single = new Redis({
    ...shared,
    ...first.place,
    db: first.db,
    enableOfflineQueue: false,
    retryStrategy,
  });
  const connection = new Connection(single, deadlineMs, log);
  try {
    if (!(await inspect(single, connection))) return connection;
  } catch (error) {
    await connection.close();
    throw notThere(connection.name, error);
  }
  await connection.close();
  const cluster = new Cluster(
    nodes.map(({ place }) => place),
    {
      enableOfflineQueue: false,
      clusterRetryStrategy: retryStrategy,
      slotsRefreshTimeout: deadlineMs,
      slotsRefreshInterval: 5_000,
      lazyConnect: true,
      redisOptions: shared,
    },
  );
  const whole = new Connection(cluster, deadlineMs, log);
  try {
    await whole.open();
    return whole;
  } catch (error) {
    await whole.close();
    throw notThere(whole.name, error);
  }
}

/** Throws when the server cannot hold views; tells whether it belongs to a cluster. */
async function inspect(redis: Redis, connection: Connection): Promise<boolean> {
  await connection.open();
  const server = readInfo(await connection.within(() => redis.info()));
  const [reason] = reasonsAgainst(server);
  if (reason !== undefined) {
    throw new TributaryError(
      'CONFIGURATION_INVALID',
      `${connection.name} has ${reason.what}. ${reason.cure}`,
    );
  }
  return server.isCluster;
}

class Connection implements RedisConnection {
  /** Where it is, without credentials. */
  readonly name: string;
  private readonly redis: Redis | Cluster;
  private readonly deadlineMs: number;
  private readonly log: ViewLog;
  private unanswered = 0;
  private isLost = false;

  constructor(redis: Redis | Cluster, deadlineMs: number, log: ViewLog) {
    this.redis = redis;
    this.deadlineMs = deadlineMs;
    this.log = log;
    this.name =
      redis instanceof Redis ? `Redis at ${redis.options.host}:${redis.options.port}` : 'Redis Cluster';
    redis.on('error', (error: unknown) => this.lost(error));
    redis.on('ready', () => this.found());
  }

  get answers(): boolean {
    return !this.isLost;
  }

  async open(): Promise<void> {
    await this.within(() => this.redis.connect());
  }

  async run({ sha, text }: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    const parameters = [keys.length, ...keys, ...args];
    return this.within(async () => {
      try {
        return await this.redis.callBuffer('EVALSHA', [sha, ...parameters]);
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
        return this.redis.callBuffer('EVAL', [text, ...parameters]);
      }
    });
  }

  /** Settles within the deadline. What comes later is not waited for, but counts as unanswered until it comes. */
  async within<Answer>(command: () => Promise<Answer>): Promise<Answer> {
    if (this.unanswered >= maximumUnanswered) {
      throw this.failure(`has ${this.unanswered} commands to answer, and takes no more`);
    }
    this.unanswered++;
    const { promise: overdue, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(this.lost(new Error(`no answer within ${this.deadlineMs} ms`))),
      this.deadlineMs,
    );
    const answer = command().finally(() => {
      this.unanswered--;
    });
    try {
      const value = await Promise.race([answer, overdue]);
      this.found();
      return value;
    } catch (error) {
      throw error instanceof TributaryError ? error : this.lost(error);
    } finally {
      clearTimeout(timer);
      answer.catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    this.redis.removeAllListeners('error');
    this.redis.on('error', () => undefined);
    this.redis.disconnect();
  }

  /** Logs the first of a row of failures: a Redis that is away fails thousands of commands. */
  private lost(failure: unknown): TributaryError {
    const cause = withoutCommand(failure);
    if (!this.isLost) {
      this.isLost = true;
      this.log.warn({ err: cause }, `${this.name} does not serve views: ${cause.message}`);
    }
    return this.failure('does not answer', cause);
  }

  private found(): void {
    if (!this.isLost) return;
    this.isLost = false;
    this.log.info({}, `${this.name} serves views again`);
  }

  private failure(what: string, cause?: unknown): TributaryError {
    return new TributaryError('VIEW_NOT_READY', `The store of views ${what}. Try again.`, { cause });
  }
}

/** What is said at the start is for operators: where it is, and why it is not there. */
function notThere(name: string, error: unknown): unknown {
  if (!(error instanceof TributaryError) || error.code !== 'VIEW_NOT_READY') return error;
  const { cause } = error;
  return new TributaryError(
    'VIEW_NOT_READY',
    `${name} does not serve views: ${reasonOf(cause)}. Start it, or correct its address.`,
    { cause },
  );
}

/** A name with several addresses fails with an error that has a code and no message. */
const reasonOf = (cause: unknown): string => {
  const { message = '', code = '' } = cause instanceof Error ? (cause as NodeJS.ErrnoException) : {};
  return (message || code || String(cause)).replace(/\.$/, '');
};

/**
 * ioredis hangs on an error the command that failed, with all its arguments: the password of an AUTH, the rows of a script;
 * of a cluster it does so on the error within the error. A log would have them in full.
 */
const withoutCommand = (failure: unknown): Error => {
  const told = new Error(reasonOf(failure));
  if (failure instanceof Error && failure.stack !== undefined) told.stack = failure.stack;
  return told;
};
