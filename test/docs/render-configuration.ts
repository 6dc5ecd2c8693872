import { readFileSync } from 'node:fs';
import { settings } from '../../cli/configuration/settings.ts';
import { readers } from '../../cli/configuration/subgraphs.ts';
import { defaultLimits, type GatewayLimits } from '../../gateway/limits.ts';

const aboutSubgraph: Readonly<Record<keyof typeof readers, string>> = {
  dir: 'Folder with the SDL of a subgraph that runs here. Give `dir` or `url`.',
  host: 'Address that it listens on. Default 127.0.0.1.',
  url: 'Address of GraphQL over HTTP of a subgraph that runs elsewhere; its websocket is at the same path. With `dir`: where the gateway reaches it, when not at its port here.',
  port: 'Port of a subgraph that runs here; needed with `dir`.',
  workers:
    'Processes of a subgraph that runs here, one port for all; see [Several cores](../deployment.md#several-cores). Default 1.',
  schema:
    'With `url`: file with its SDL. Default: it is asked for, and the last answer is kept for when it is down.',
};

/** The comment over each limit is its documentation. */
const limitComments = (): ReadonlyMap<string, string> => {
  const source = readFileSync(new URL('../../gateway/limits.ts', import.meta.url), 'utf8');
  return new Map(
    [...source.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])+)\*\/\n {2}readonly (\w+): number;/g)].map(
      ([, comment = '', name = '']) => [name, comment.replace(/\s*\n\s*\*\s/g, ' ').trim()],
    ),
  );
};

const shown = (value: unknown): string => {
  if (value === null || value === -1) return '';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
  return `${value}`;
};

/** docs/reference/configuration.md, from the settings themselves. */
export const renderConfiguration = (): string => {
  const comments = limitComments();
  const limits = Object.entries(defaultLimits) as [keyof GatewayLimits, number][];
  return [
    '# Configuration',
    '<!-- Made from cli/configuration and gateway/limits.ts: npm test -- test/docs -u -->',
    'One file, `tributary.yaml`, in the folder where a command is started, or named by `--config`. Environment variables go before the file, options of a command before both. Relative paths start at the file. All mistakes are told at once, each with its line and its cure.',
    '',
    '| key | variable | default | |',
    '|---|---|---|---|',
    ...Object.values(settings).map(
      ({ path, variable, reader, fallback, about }) =>
        `| \`${path}\` | \`${variable}\` | ${shown(fallback)} | ${about} For example \`${reader.example}\`. |`,
    ),
    '',
    '## Subgraphs',
    'Under `subgraphs`, by name:',
    '',
    '| key | | example |',
    '|---|---|---|',
    ...Object.entries(readers).map(
      ([key, reader]) =>
        `| \`${key}\` | ${aboutSubgraph[key as keyof typeof readers]} | \`${reader.example}\` |`,
    ),
    '',
    '## Limits',
    'Under `gateway.limits`. Every buffer of the gateway has a bound, and every bound a policy.',
    '',
    '| key | default | |',
    '|---|---|---|',
    ...limits.map(
      ([name, value]) => `| \`${name}\` | ${value.toLocaleString('en')} | ${comments.get(name) ?? ''} |`,
    ),
    '',
  ].join('\n');
};
