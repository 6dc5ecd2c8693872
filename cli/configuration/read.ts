import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { defaultLimits, type GatewayLimits } from '../../gateway/limits.ts';
import { type Mistake, Mistakes } from '../mistakes.ts';
import type { Configuration } from './configuration.ts';
import { Context } from './context.ts';
import { locate } from './located.ts';
import { number } from './reader.ts';
import { settings } from './settings.ts';
import { readSubgraphs } from './subgraphs.ts';
import { readOr, unknownKey } from './value.ts';

export interface ConfigurationSource {
  /** Path given with --config; it must be there. Otherwise tributary.yaml of `directory`, which may be absent. */
  readonly file?: string | undefined;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Reads the configuration: file, then the environment over it, then defaults. Throws Mistakes with all that is wrong. */
export const readConfiguration = (source: ConfigurationSource): Configuration => {
  const found = findFile(source);
  const mistakes: Mistake[] = [];
  const root = found === null ? null : locate(found.file, found.text, mistakes);
  const directory = found === null ? source.directory : dirname(found.file);
  const context = new Context(root, source.environment, mistakes);
  context.checkSections();
  const configuration = assemble(context, found?.file ?? null, directory);
  if (mistakes.length > 0) throw new Mistakes(mistakes.toSorted(byPlace), found);
  return configuration;
};

/** The file from top to bottom, then what has no line. */
const byPlace = (a: Mistake, b: Mistake): number =>
  (a.line ?? Number.MAX_SAFE_INTEGER) - (b.line ?? Number.MAX_SAFE_INTEGER) ||
  (a.column ?? 0) - (b.column ?? 0);

const findFile = (source: ConfigurationSource): { file: string; text: string } | null => {
  const file = resolve(source.directory, source.file ?? 'tributary.yaml');
  try {
    return { file, text: readFileSync(file, 'utf8') };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && source.file === undefined) return null;
    const cure =
      code === 'ENOENT'
        ? 'Give --config the path of a file that is there.'
        : 'Make it readable, or give another with --config.';
    throw new Mistakes([{ file, line: null, column: null, message, cure }], null);
  }
};

const assemble = (context: Context, file: string | null, directory: string): Configuration => {
  const pathOf = (path: string): string => resolve(directory, path);
  const supergraph = context.value(settings.supergraph);
  const usageFile = context.value(settings.usageFile);
  const gatewayPort = context.value(settings.gatewayPort);
  return {
    file,
    directory,
    kafka: {
      brokers: context.value(settings.brokers),
      replication: context.value(settings.replication),
    },
    gateway: {
      host: context.value(settings.gatewayHost),
      port: gatewayPort,
      workers: context.value(settings.gatewayWorkers),
      origins: context.value(settings.origins),
      hosts: context.value(settings.hosts),
      compression: context.value(settings.compression),
      supergraph: supergraph === null ? null : pathOf(supergraph),
      pollMs: context.value(settings.pollMs),
      usage: {
        file: usageFile === null ? null : pathOf(usageFile),
        topic: context.value(settings.usageTopic),
        brokers: context.value(settings.usageBrokers),
      },
      limits: readLimits(context),
    },
    subgraphs: readSubgraphs(context.entries('subgraphs'), {
      directory,
      gatewayPort,
      mistakes: context.mistakes,
    }),
    subgraphWorkers: context.value(settings.subgraphWorkers),
    views: { redis: context.value(settings.viewsRedis) },
    data: pathOf(context.value(settings.data)),
    replay: { speed: context.value(settings.speed), from: context.value(settings.from) },
    log: { level: context.value(settings.logLevel) },
  };
};

const readLimits = (context: Context): Partial<GatewayLimits> => {
  const names = Object.keys(defaultLimits);
  const limits: Record<string, number> = {};
  for (const [name, { place, value }] of context.entries('gateway.limits')) {
    const path = `gateway.limits.${name}`;
    const fallback = Object.entries(defaultLimits).find(([known]) => known === name)?.[1];
    if (fallback === undefined) context.mistakes.push(unknownKey(place, path, name, names));
    else {
      const reader = number({
        expects: 'a whole number above 0',
        example: String(fallback),
        minimum: 1,
        whole: true,
      });
      limits[name] = readOr(fallback, reader, path, value, context.mistakes);
    }
  }
  return limits;
};
