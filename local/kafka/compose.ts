import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { LocalError } from '../error.ts';

const run = promisify(execFile);

export interface ComposeOptions {
  /** A docker-compose.yml. */
  readonly file: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

/** True when the file has a service `kafka`, and Docker's engine and its Compose plugin answer within 3 s: either may lack. */
export async function composeIsUsable({ file, environment }: ComposeOptions): Promise<boolean> {
  if (!(await hasKafkaService(file))) return false;
  try {
    const limits = { env: environment, timeout: 3_000 };
    await Promise.all([run('docker', ['info'], limits), run('docker', ['compose', 'version'], limits)]);
    return true;
  } catch {
    return false;
  }
}

/** Starts the service, waits until it is healthy, and gives the address that it listens on. */
export async function startComposeKafka(options: ComposeOptions): Promise<string> {
  await compose(options, ['up', '--detach', '--wait', '--wait-timeout', '120', 'kafka']);
  const address = (await compose(options, ['port', 'kafka', '9092'])).trim();
  if (/^[^\s:]+:\d+$/.test(address)) return address;
  throw new LocalError(
    'COMPOSE_FAILED',
    `The service kafka of ${options.file} publishes no port 9092. Add it under "ports:", or set KAFKA_BROKERS.`,
  );
}

async function hasKafkaService(file: string): Promise<boolean> {
  try {
    const document: unknown = parse(await readFile(file, 'utf8'));
    const services = (document as { services?: Record<string, unknown> } | null)?.services;
    return services?.kafka !== undefined;
  } catch {
    return false;
  }
}

async function compose({ file, environment, signal }: ComposeOptions, parameters: string[]): Promise<string> {
  try {
    const { stdout } = await run('docker', ['compose', '--file', file, ...parameters], {
      env: environment,
      timeout: 600_000,
      ...(signal === undefined ? {} : { signal }),
    });
    return stdout;
  } catch (error) {
    signal?.throwIfAborted();
    const stderr = (error as { stderr?: string }).stderr?.trim().split('\n').slice(-6).join('\n');
    throw new LocalError(
      'COMPOSE_FAILED',
      `docker compose ${parameters.join(' ')} failed:\n${stderr || String(error)}\n` +
        'Put this right ("docker compose logs kafka" has more), or stop Docker to use the broker without it, ' +
        'or set KAFKA_BROKERS.',
      { cause: error },
    );
  }
}
