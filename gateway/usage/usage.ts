import type { DocumentNode, ExecutionResult, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import type { Logger } from 'pino';
import { TributaryError } from '../../schema/errors.ts';
import type { GatewayLimits } from '../limits.ts';
import { currentRequest } from '../request-scope.ts';
import { unknownClient } from './client.ts';
import { UsageCounts } from './counts.ts';
import { RotatingFile } from './file.ts';
import { signatureOf } from './signature.ts';

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
  /** Writes what is counted. */
  stop(): Promise<void>;
}

export interface UsageOptions {
  /** Absolute path; null: nothing is counted. */
  readonly file: string | null;
  readonly limits: Pick<GatewayLimits, 'usageMs' | 'usageOperations' | 'usageFileBytes' | 'usageFiles'>;
  readonly log: Pick<Logger, 'warn'>;
}

const noUsage: Usage = { record: () => undefined, stop: async () => undefined };

/** Rejects with CONFIGURATION_INVALID when the file cannot be written. */
export const openUsage = async ({ file: path, limits, log }: UsageOptions): Promise<Usage> => {
  if (path === null) return noUsage;
  const file = new RotatingFile(path, { bytes: limits.usageFileBytes, files: limits.usageFiles });
  await file.check().catch((cause: Error) => {
    const message = `gateway.usage.file, ${path}, cannot be written: ${cause.message}. Name a file that can, or leave it out.`;
    throw new TributaryError('CONFIGURATION_INVALID', message, { cause });
  });
  const counts = new UsageCounts(limits.usageOperations);
  let writing: Promise<void> | null = null;
  const write = async (): Promise<void> => {
    const lines = counts.take();
    try {
      await file.append(lines);
    } catch (err) {
      log.warn({ err, file: path, lines: lines.length }, 'usage could not be written; the interval is lost');
    }
    writing = null;
  };
  const timer = setInterval(() => {
    // A disk that takes longer than an interval gets a longer interval.
    writing ??= write();
  }, limits.usageMs);
  return {
    record: ({ schema, document, operation }, failed) =>
      counts.add(signatureOf(schema, document, operation), currentRequest()?.client ?? unknownClient, {
        failed,
        now: Date.now(),
      }),
    stop: async () => {
      clearInterval(timer);
      await writing;
      await write();
    },
  };
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
