import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../local/ports.ts';
import { type VolumeGraph, volumeGraph, writeProject } from './graph.ts';
import { ServedProcess } from './process.ts';
import { Topics } from './topics.ts';

/** What must hold, whatever the number of rows. */
export interface Bounds {
  /** Of the p99 delay while clients stand still to that before; or so many milliseconds more, whichever is more. */
  readonly delayRatio: number;
  readonly delayMs: number;
  /** Resident memory above what it was before. Most of it is garbage that V8 lets lie while there is room: held is a tenth. */
  readonly gatewayMegabytes: number;
  readonly subgraphMegabytes: number;
}

export interface Start {
  readonly seconds: number;
  /** Records of the topic of rows that were read until then. */
  readonly read: number;
}

export interface SystemOptions {
  readonly brokers: string;
  /** How long the gateway waits for a client that takes nothing of its catch-up. */
  readonly stallMs: number;
  readonly bounds: Bounds;
}

/** A gateway and a subgraph as processes of the command line, over topics of their own. */
export class VolumeSystem implements AsyncDisposable {
  readonly graph: VolumeGraph = volumeGraph();
  readonly topics: Topics;
  readonly bounds: Bounds;
  readonly url: string;
  readonly #directory: string;
  readonly #configuration: string;
  #gateway: ServedProcess | null = null;
  #subgraph: ServedProcess | null = null;

  static async create(options: SystemOptions): Promise<VolumeSystem> {
    const directory = await mkdtemp(join(tmpdir(), 'tributary-volume-'));
    const [subgraphPort, gatewayPort] = [await freePort(), await freePort()];
    const system = new VolumeSystem(options, directory, gatewayPort);
    await writeProject(directory, system.graph, { ...options, subgraphPort, gatewayPort });
    await system.topics.create(system.graph);
    return system;
  }

  private constructor({ brokers, bounds }: SystemOptions, directory: string, gatewayPort: number) {
    this.topics = new Topics(brokers);
    this.bounds = bounds;
    this.url = `http://127.0.0.1:${gatewayPort}/graphql`;
    this.#directory = directory;
    this.#configuration = join(directory, 'tributary.yaml');
  }

  get gateway(): ServedProcess {
    if (this.#gateway === null) throw new Error('the gateway does not run');
    return this.#gateway;
  }

  get subgraph(): ServedProcess {
    if (this.#subgraph === null) throw new Error('the subgraph does not run');
    return this.#subgraph;
  }

  async startGateway(): Promise<void> {
    this.#gateway = new ServedProcess(['gateway', '--config', this.#configuration]);
    await this.#gateway.said('gateway listens on');
  }

  /** Resolves when every view and window is at the end of its topic. */
  async startSubgraph(environment: Readonly<Record<string, string>> = {}): Promise<Start> {
    const began = performance.now();
    this.#subgraph = new ServedProcess(
      ['subgraph', join(this.#directory, 'volume'), '--config', this.#configuration],
      environment,
    );
    const ready = await this.#subgraph.said('"msg":"ready"');
    const seconds = (performance.now() - began) / 1_000;
    const { topics } = JSON.parse(ready) as { topics: { topic: string; records: number }[] };
    const read = topics.find(({ topic }) => topic === this.graph.rows)?.records ?? 0;
    return { seconds, read };
  }

  /** Clients that the gateway has ended because they took nothing. */
  async slowClients(): Promise<number> {
    const health = await fetch(this.url.replace('/graphql', '/health/ready'));
    const { subscriptions } = (await health.json()) as { subscriptions: { slowClients: number } };
    return subscriptions.slowClients;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#gateway?.stop('SIGKILL'), this.#subgraph?.stop('SIGKILL')]);
    await this.topics.close([this.graph.rows, this.graph.events, this.graph.ticks]);
    await rm(this.#directory, { recursive: true, force: true });
  }
}
