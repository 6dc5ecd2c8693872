import { createRequire } from 'node:module';
import { Kafka, type LogEntry, logLevel } from 'kafkajs';
import type { Logger } from 'pino';

export interface KafkaClientOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly log?: Logger | undefined;
}

/** A kafkajs client with bounded patience; its log goes to ours. */
export const kafkajsClient = ({ brokers, clientId, log }: KafkaClientOptions): Kafka => {
  stopIdleTimers();
  return new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    retry: { initialRetryTime: 100, multiplier: 2, maxRetryTime: 1_000, retries: 3 },
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => write(log, entry),
  });
};

/** Errors are answered to who asked, and kafkajs logs each attempt: ours is the place to say what they mean. */
const write = (log: Logger | undefined, { level, namespace, log: entry }: LogEntry): void => {
  const { message, timestamp: _timestamp, logger: _logger, ...details } = entry;
  const target = level <= logLevel.ERROR ? log?.debug.bind(log) : log?.trace.bind(log);
  target?.({ kafkajs: namespace, ...details }, message);
};

interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}

let stopped = false;

/**
 * kafkajs 2.2.4 looks for pending requests a thousand times a second on each idle connection, by a timer with a negative
 * delay, of which Node warns. Without pending requests there is nothing to look for: each push schedules anew.
 */
const stopIdleTimers = (): void => {
  if (stopped) return;
  stopped = true;
  const load = createRequire(import.meta.url);
  const queue: { readonly prototype: RequestQueue } = load('kafkajs/src/network/requestQueue');
  const schedule = queue.prototype.scheduleCheckPendingRequests;
  queue.prototype.scheduleCheckPendingRequests = function scheduleWhenPending() {
    if (this.pending.length > 0) schedule.call(this);
  };
};
