import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { moduleExtension } from '../../local/form.ts';
import type { ServiceDefinition } from '../../local/supervisor/index.ts';
import type { Configuration, LocalSubgraph } from '../configuration/configuration.ts';
import { readableLine } from '../log.ts';

const cliMain = join(import.meta.dirname, '..', `main${moduleExtension}`);
const replayMain = join(import.meta.dirname, '..', '..', 'data', 'replay', 'main.ts');

/** The reference data and their producer are part of the repository, not of the installed package. */
export const hasReferenceData = existsSync(replayMain);

/** The processes of `tributary dev`, each started as it would be in production. */
export interface ServiceContext {
  readonly configuration: Configuration;
  /** Divided by commas. */
  readonly brokers: string;
  readonly colour: boolean;
}

export const subgraphService = (subgraph: LocalSubgraph, context: ServiceContext): ServiceDefinition =>
  tributary(subgraph.name, context, [
    'subgraph',
    subgraph.directory,
    `--name=${subgraph.name}`,
    `--host=${subgraph.host}`,
    `--port=${subgraph.port}`,
    `--brokers=${context.brokers}`,
    `--data=${context.configuration.data}`,
    '--create-topics',
  ]);

/** It is told of the brokers for usage alone. */
export const gatewayService = (context: ServiceContext): ServiceDefinition =>
  tributary('gateway', context, ['gateway', `--port=${context.configuration.gateway.port}`], {
    KAFKA_BROKERS: context.brokers,
  });

/** The producer of the reference data. It remembers in Kafka where it is, so a restart goes on from there. */
export const replayService = ({ configuration, brokers }: ServiceContext): ServiceDefinition => {
  const { speed, from } = configuration.replay;
  const command = [
    process.execPath,
    ...process.execArgv,
    replayMain,
    `--brokers=${brokers}`,
    `--speed=${speed}`,
    ...(from === null ? [] : [`--from=${from}`]),
  ] as const;
  return {
    name: 'replay',
    // Given a time, the clock starts there, whatever is remembered. Once: after a death it goes on from where it was.
    command: from === null ? command : [...command, '--reset'],
    restartCommand: command,
    ends: true,
  };
};

const tributary = (
  name: string,
  { configuration, colour }: ServiceContext,
  commandArguments: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): ServiceDefinition => ({
  name,
  command: [
    process.execPath,
    ...process.execArgv,
    cliMain,
    ...commandArguments,
    ...(configuration.file === null ? [] : [`--config=${configuration.file}`]),
  ],
  environment: { ...environment, TRIBUTARY_DATA: configuration.data },
  format: (line) => readableLine(line, colour),
});
