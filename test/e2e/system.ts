import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs';

const root = join(import.meta.dirname, '..', '..');

/** Less than a hook has: whoever looks for the cause wants the output and not that a hook was late. */
const startMs = 150_000;

export interface SystemOptions {
  /** Replays the week; without it the topics hold what the test writes. */
  readonly replay?: boolean;
  /** Further subgraphs: folder by name. */
  readonly subgraphs?: Readonly<Record<string, string>>;
  /** Keeps its data here; a fresh folder when not given. */
  readonly directory?: string;
  /** Arguments behind `dev`. */
  readonly arguments?: readonly string[];
}

/** `tributary dev` as a user starts it: a process of its own, with a real Kafka of its own. */
export class System {
  readonly directory: string;
  readonly url: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly lines: string[] = [];
  #process: ChildProcess | null = null;
  readonly #options: SystemOptions;
  readonly #watching = new Set<(line: string) => void>();

  private constructor(directory: string, ports: Readonly<Record<string, number>>, options: SystemOptions) {
    this.directory = directory;
    this.ports = ports;
    this.url = `http://127.0.0.1:${ports.gateway}/graphql`;
    this.#options = options;
  }

  static async create(options: SystemOptions = {}): Promise<System> {
    const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'tributary-e2e-')));
    await mkdir(directory, { recursive: true });
    const folders = {
      airports: join(root, 'subgraphs/airports'),
      flights: join(root, 'subgraphs/flights'),
      fleet: join(root, 'subgraphs/fleet'),
      weather: join(root, 'subgraphs/weather'),
      ...options.subgraphs,
    };
    const names = ['gateway', ...Object.keys(folders)];
    const free = await freePorts(names.length);
    const ports = Object.fromEntries(names.map((name, index) => [name, free[index] ?? 0]));
    const subgraphs = Object.entries(folders).map(
      ([name, dir]) => `  ${name}: { dir: ${JSON.stringify(dir)}, port: ${ports[name]} }`,
    );
    await writeFile(
      join(directory, 'tributary.yaml'),
      [
        `data: ${JSON.stringify(join(directory, 'data'))}`,
        `gateway: { port: ${ports.gateway} }`,
        'subgraphs:',
        ...subgraphs,
        '',
      ].join('\n'),
    );
    return new System(directory, ports, options);
  }

  get configuration(): string {
    return join(this.directory, 'tributary.yaml');
  }

  /** Resolves when the command says that it is ready; with the seconds that it took. */
  async start(): Promise<number> {
    const began = performance.now();
    const given = [
      ...(this.#options.replay === true ? [] : ['--no-replay']),
      ...(this.#options.arguments ?? []),
    ];
    const { KAFKA_BROKERS: _ignored, ...environment } = process.env;
    const child = spawn('node', ['cli/tributary.mjs', 'dev', '--config', this.configuration, ...given], {
      cwd: root,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    for (const output of [child.stdout, child.stderr]) {
      createInterface({ input: output }).on('line', (line) => {
        this.lines.push(line);
        for (const watch of this.#watching) watch(line);
      });
    }
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`dev ended with ${code} before it was ready:\n${this.lines.join('\n')}`);
    });
    ended.catch(() => undefined);
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`dev is not ready after ${startMs / 1000} s:\n${this.lines.join('\n')}`)),
      startMs,
    );
    await Promise.race([this.line(/^Ready after/), ended, late]).finally(() => clearTimeout(timer));
    return (performance.now() - began) / 1000;
  }

  /** Resolves with the first line that matches, of those to come or those that came. */
  line(pattern: RegExp): Promise<string> {
    const there = this.lines.find((line) => pattern.test(line));
    if (there !== undefined) return Promise.resolve(there);
    const { promise, resolve } = Promise.withResolvers<string>();
    const watch = (line: string): void => {
      if (!pattern.test(line)) return;
      this.#watching.delete(watch);
      resolve(line);
    };
    this.#watching.add(watch);
    return promise;
  }

  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error('the system does not run');
    return pid;
  }

  /** Pid of a child, as the supervisor's file has it now. */
  async pidOf(service: string): Promise<number> {
    const file = JSON.parse(await readFile(join(this.directory, 'data', 'dev.json'), 'utf8')) as {
      services: { name: string; pid: number }[];
    };
    const pid = file.services.find(({ name }) => name === service)?.pid;
    if (pid === undefined) throw new Error(`no process of ${service} in ${JSON.stringify(file)}`);
    return pid;
  }

  async kill(service: string): Promise<number> {
    const pid = await this.pidOf(service);
    process.kill(pid, 'SIGKILL');
    return pid;
  }

  get brokers(): string {
    const line = this.lines.find((each) => /^\s+Kafka\s+\S+:\d+/.test(each));
    const brokers = line?.trim().split(/\s+/)[1];
    if (brokers === undefined) throw new Error('the output names no Kafka');
    return brokers;
  }

  /** A client that is not ours. */
  kafka(): Kafka {
    return new Kafka({
      clientId: 'somebody-else',
      brokers: this.brokers.split(','),
      logLevel: logLevel.ERROR,
    });
  }

  async producer(): Promise<Producer> {
    const producer = this.kafka().producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    return producer;
  }

  /** Ctrl-C; resolves with the exit code. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null) return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    child.kill(signal);
    const [code] = (await ended) as [number | null];
    return code;
  }

  async dispose(): Promise<void> {
    await this.stop();
    if (this.#options.directory === undefined) await rm(this.directory, { recursive: true, force: true });
  }
}

/** Ports that nobody listens on, held together so that they differ. */
export const freePorts = async (count: number): Promise<number[]> => {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
};
