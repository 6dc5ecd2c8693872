import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { type Client, createClient } from 'graphql-ws';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import { type GatewayOptions, type RunningGateway, startGateway } from '../../../gateway/index.ts';
import { ItemsSubgraph, itemsSdl } from './items-subgraph.ts';
import { eventsSdl, ScriptedSubgraph, type ScriptOptions } from './scripted-subgraph.ts';
import { Subscription } from './subscription.ts';

export interface WorldOptions extends ScriptOptions, Partial<Omit<GatewayOptions, 'supergraphSdl'>> {}

/** A gateway over a scripted subgraph of events and another one that joins items, with stock clients. */
export class World {
  readonly events: ScriptedSubgraph;
  readonly items: ItemsSubgraph;
  readonly gateway: RunningGateway;
  readonly supergraphSdl: string;
  readonly #clients: Client[] = [];

  constructor(
    events: ScriptedSubgraph,
    items: ItemsSubgraph,
    gateway: RunningGateway,
    supergraphSdl: string,
  ) {
    this.supergraphSdl = supergraphSdl;
    this.events = events;
    this.items = items;
    this.gateway = gateway;
  }

  get websocketUrl(): string {
    return this.gateway.url.replace('http', 'ws');
  }

  /** A stock graphql-ws client. */
  client(options: Partial<Parameters<typeof createClient>[0]> = {}): Client {
    const client = createClient({
      url: this.websocketUrl,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      ...options,
    } as Parameters<typeof createClient>[0]);
    this.#clients.push(client);
    return client;
  }

  /** Subscribes on a socket of its own, or on that of a client. */
  subscribe(
    query: string,
    options: { cursor?: string; variables?: Record<string, unknown>; client?: Client } = {},
  ): Subscription {
    return new Subscription(options.client ?? this.client(), query, options);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.dispose()));
    await this.gateway.stop();
    await Promise.all([this.events.kill().catch(() => undefined), this.items.stop()]);
  }
}

export const startWorld = async (options: WorldOptions = {}): Promise<World> => {
  const { cursors, partitions, ...gatewayOptions } = options;
  const script: ScriptOptions = {
    ...(cursors === undefined ? {} : { cursors }),
    ...(partitions === undefined ? {} : { partitions }),
  };
  const events = await new ScriptedSubgraph(script).start();
  const items = await new ItemsSubgraph().start();
  const { supergraphSdl, errors } = composeServices([
    { name: 'events', url: events.url, typeDefs: parse(eventsSdl) },
    { name: 'items', url: items.url, typeDefs: parse(itemsSdl) },
  ]);
  if (supergraphSdl === undefined) throw new Error(String(errors));
  const log = pino({ level: 'silent' });
  const gateway = await startGateway({ port: 0, log, ...gatewayOptions, supergraphSdl });
  return new World(events, items, gateway, supergraphSdl);
};
