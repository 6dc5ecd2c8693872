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

/** True when the file has brokers, and Docker's engine and its Compose plugin answer within 3 s: either may lack. */
export async function composeIsUsable({ file, environment }: ComposeOptions): Promise<boolean> {
  if ((await brokerServices(file)).length === 0) return false;
  try {
    const limits = { env: environment, timeout: 3_000 };
    await Promise.all([run('docker', ['info'], limits), run('docker', ['compose', 'version'], limits)]);
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts the brokers of the file and nothing else of it, waits until they are healthy, and gives the addresses that
 * they listen on, divided by commas.
 */
export async function startComposeKafka(options: ComposeOptions): Promise<string> {
  const services = await brokerServices(options.file);
  await compose(options, ['up', '--detach', '--wait', '--wait-timeout', '120', ...services]);
  const addresses = await Promise.all(services.map((service) => addressOf(service, options)));
  return addresses.join(',');
}

async function addressOf(service: string, options: ComposeOptions): Promise<string> {
  const address = (await compose(options, ['port', service, '9092'])).trim();
  if (/^[^\s:]+:\d+$/.test(address)) return address;
  throw new LocalError(
    'COMPOSE_FAILED',
    `The service ${service} of ${options.file} publishes no port 9092. Add it under "ports:", or set KAFKA_BROKERS.`,
  );
}

/** Services called kafka, kafka-1, kafka-2 …; none when the file cannot be read. */
async function brokerServices(file: string): Promise<readonly string[]> {
  try {
    const document: unknown = parse(await readFile(file, 'utf8'));
    const services = (document as { services?: Record<string, unknown> } | null)?.services ?? {};
    return Object.keys(services).filter((name) => /^kafka(-\d+)?$/.test(name));
  } catch {
    return [];
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
        'Put this right ("docker compose logs" has more), or stop Docker to use the broker without it, ' +
        'or set KAFKA_BROKERS.',
      { cause: error },
    );
  }
}
