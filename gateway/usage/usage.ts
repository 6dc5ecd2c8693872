import { setTimeout as wait } from 'node:timers/promises';
import type { DocumentNode, ExecutionResult, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import { TributaryError } from '../../schema/errors.ts';
import type { GatewayLimits } from '../limits.ts';
import { currentRequest } from '../request-scope.ts';
import { unknownClient } from './client.ts';
import { UsageCounts } from './counts.ts';
import { RotatingFile } from './file.ts';
import { Outbox, type OutboxCounters, type UsageLog } from './outbox.ts';
import { signatureOf } from './signature.ts';
import type { UsageSink } from './sink.ts';

/** An operation that ran, of a document that is valid by the schema. */
export interface UsedOperation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
}

/** Takes which operations clients use. */
export interface Usage {
  /** Counts an operation for the client of the request that runs. `failed`: its answer has errors. */
  record(used: UsedOperation, failed: boolean): void;
  /** Lines of each sink, by its name. */
  readonly counters: Readonly<Record<string, OutboxCounters>>;
  /** Writes what is counted, for up to 2 s. */
  stop(): Promise<void>;
}

export interface UsageOptions {
  /** Absolute path; null: no file. */
  readonly file: string | null;
  /** Beside the file. Without both nothing is counted. */
  readonly sinks?: readonly UsageSink[];
  readonly limits: Pick<
    GatewayLimits,
    'usageMs' | 'usageOperations' | 'usageWaitingBytes' | 'usageFileBytes' | 'usageFiles'
  >;
  readonly log: UsageLog;
}

/** Milliseconds that sinks have at the end: the process is to stop within 8 s, whoever does not answer. */
const stopMs = 2_000;

const noUsage: Usage = { record: () => undefined, counters: {}, stop: async () => undefined };

/** Rejects with CONFIGURATION_INVALID when the file cannot be written. What is not there yet of sinks is waited for later. */
export const openUsage = async ({ file, sinks = [], limits, log }: UsageOptions): Promise<Usage> => {
  const all = file === null ? sinks : [await fileSink(file, limits), ...sinks];
  if (all.length === 0) return noUsage;
  const outboxes = all.map((sink) => new Outbox(sink, limits.usageWaitingBytes, log));
  const counts = new UsageCounts(limits.usageOperations);
  const write = async (): Promise<void> => {
    const lines = counts.take();
    await Promise.all(outboxes.map((outbox) => outbox.add(lines)));
  };
  const timer = setInterval(() => void write(), limits.usageMs);
  return {
    record: ({ schema, document, operation }, failed) =>
      counts.add(signatureOf(schema, document, operation), currentRequest()?.client ?? unknownClient, {
        failed,
        now: Date.now(),
      }),
    get counters() {
      return Object.fromEntries(outboxes.map(({ name, counters }) => [name, counters]));
    },
    stop: async () => {
      clearInterval(timer);
      await Promise.race([write(), wait(stopMs, undefined, { ref: false })]);
      for (const outbox of outboxes) outbox.abandon();
    },
  };
};

const fileSink = async (path: string, limits: UsageOptions['limits']): Promise<UsageSink> => {
  const file = new RotatingFile(path, { bytes: limits.usageFileBytes, files: limits.usageFiles });
  await file.check().catch((cause: Error) => {
    const message = `gateway.usage.file, ${path}, cannot be written: ${cause.message}. Name a file that can, or leave it out.`;
    throw new TributaryError('CONFIGURATION_INVALID', message, { cause });
  });
  return { name: 'file', write: (lines) => file.append(lines) };
};

/** Counts a query or mutation when it has ended. One that its client has left is no failure. */
export const countedAnswer = async (
  answer: Promise<ExecutionResult>,
  signal: AbortSignal,
  record: (failed: boolean) => void,
): Promise<ExecutionResult> => {
  try {
    const result = await answer;
    record((result.errors?.length ?? 0) > 0);
    return result;
  } catch (error) {
    record(!signal.aborted);
    throw error;
  }
};

/** Counts a subscription when it begins; it fails when it is refused then. */
export const countedStart = <T>(start: () => T, record: (failed: boolean) => void): T => {
  try {
    const started = start();
    record(false);
    return started;
  } catch (error) {
    record(true);
    throw error;
  }
};
