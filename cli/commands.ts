import type { Command } from './command.ts';

/** A command in the list: its own file is loaded only when it is asked for, so that --help is quick. */
export interface ListedCommand {
  readonly name: string;
  /** One line for the list. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const commands: readonly ListedCommand[] = [
  {
    name: 'dev',
    summary: 'run everything on this machine: Kafka, the subgraphs, the gateway, live data',
    load: async () => (await import('./commands/dev.ts')).dev,
  },
  {
    name: 'subgraph',
    summary: 'run the subgraph of a folder',
    load: async () => (await import('./commands/subgraph.ts')).subgraph,
  },
  {
    name: 'gateway',
    summary: 'run the gateway over the subgraphs of tributary.yaml',
    load: async () => (await import('./commands/gateway.ts')).gateway,
  },
  {
    name: 'compose',
    summary: 'compose the supergraph of the subgraphs of tributary.yaml',
    load: async () => (await import('./commands/compose.ts')).compose,
  },
  {
    name: 'tail',
    summary: 'follow a subscription in the terminal, through drops and restarts',
    load: async () => (await import('./commands/tail.ts')).tail,
  },
  {
    name: 'doctor',
    summary: 'check tools, brokers, topics, subgraphs and gateway',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
];
