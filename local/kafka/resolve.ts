import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LocalError } from '../error.ts';
import { startBroker } from './broker.ts';
import { composeIsUsable, startComposeKafka } from './compose.ts';
import type { LibraryOptions } from './libraries.ts';
import type { LocalBroker } from './local-broker.ts';
import { askCluster } from './probe.ts';

export interface ResolveOptions extends LibraryOptions {
  /** Where a local broker keeps its data. */
  readonly directory: string;
  /** Default: the package's own. */
  readonly composeFile?: string | undefined;
  /** How long the brokers of KAFKA_BROKERS may take to answer. Default 10,000. */
  readonly timeoutMs?: number | undefined;
}

export interface ResolvedKafka {
  /** Bootstrap servers, separated by commas. */
  readonly brokers: string;
  readonly source: 'environment' | 'compose' | 'local';
  /** Our own broker, to be watched and stopped; null where Kafka is somebody else's. */
  readonly local: LocalBroker | null;
}

/**
 * The Kafka to use: KAFKA_BROKERS, else Docker Compose where its engine answers, else a local broker. It answers when
 * this resolves. Throws LocalError.
 */
export async function resolveKafka(options: ResolveOptions): Promise<ResolvedKafka> {
  const { environment = process.env, onProgress, signal } = options;
  const given = environment.KAFKA_BROKERS?.trim();
  if (given !== undefined && given !== '') {
    await requireAnswer(given, options.timeoutMs ?? 10_000);
    return { brokers: given, source: 'environment', local: null };
  }
  const file = options.composeFile ?? join(import.meta.dirname, '..', '..', 'docker-compose.yml');
  if (await composeIsUsable({ file, environment, signal })) {
    onProgress?.('starting Kafka with docker compose');
    const brokers = await startComposeKafka({ file, environment, signal });
    onProgress?.(`Kafka answers on ${brokers}`);
    return { brokers, source: 'compose', local: null };
  }
  const local = await startBroker(options);
  return { brokers: local.brokers, source: 'local', local };
}

/** One that answers is enough: it tells clients of the others. */
async function requireAnswer(brokers: string, timeoutMs: number): Promise<void> {
  const addresses = brokers.split(',').map(address);
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const asked = addresses.map(({ host, port }) => askCluster(host, port, Math.min(timeoutMs, 2_000)));
    const answers = await Promise.allSettled(asked);
    if (answers.some(({ status }) => status === 'fulfilled')) return;
    if (Date.now() < deadline) {
      // Often the cluster was started in the same minute.
      await delay(200);
      continue;
    }
    const reasons = answers.map((answer) => (answer.status === 'rejected' ? reasonOf(answer.reason) : ''));
    throw new LocalError(
      'BROKER_SILENT',
      `KAFKA_BROKERS is "${brokers}", and none of them answers within ${timeoutMs / 1000} s (${reasons.join('; ')}). ` +
        'Start that cluster or correct the variable; without it a local broker is started.',
    );
  }
}

function address(text: string): { host: string; port: number } {
  const [, host, digits] = /^\s*\[?(.+?)\]?:(\d{1,5})\s*$/.exec(text) ?? [];
  const port = Number(digits);
  if (host !== undefined && port > 0 && port < 65_536) return { host, port };
  throw new LocalError(
    'BROKER_SILENT',
    `KAFKA_BROKERS holds "${text.trim()}", which is not host:port. Write it as in KAFKA_BROKERS=kafka-1:9092,kafka-2:9092.`,
  );
}

/** A name with several addresses fails with an error that has a code and no message. */
const reasonOf = (error: NodeJS.ErrnoException): string => error.message || (error.code ?? String(error));
