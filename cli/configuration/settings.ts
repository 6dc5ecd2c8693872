import { flag, listOf, number, oneOf, type Reader, text } from './reader.ts';

/** One value of the configuration with its place in the file, the variable over it, and what holds without both. */
export interface Setting<T> {
  /** Section and key. */
  readonly path: string;
  /** Environment variable that goes before the file. */
  readonly variable: string;
  readonly reader: Reader<T>;
  readonly fallback: T;
  /** What it does, for the reference. */
  readonly about: string;
}

export const portReader = number({
  expects: 'a port, a whole number from 0 to 65535',
  example: '4000',
  minimum: 0,
  maximum: 65_535,
  whole: true,
});

export const workersReader = number({
  expects: 'a whole number from 1 to 64',
  example: '2',
  minimum: 1,
  maximum: 64,
  whole: true,
});

export const brokerAddress = text('host:port', '127.0.0.1:9092', /^(\[[^\]\s]+\]|[^\s:]+):\d{1,5}$/);
const origin = text(
  'an origin such as https://app.example.org',
  'https://app.example.org',
  /^https?:\/\/[^/\s]+$/,
);
const hostHeader = text('a host name or host:port', 'graph.example.org', /^[^\s/]+$/);
/** One colon would be before a port, which has a setting of its own; IPv6 has two or more. */
export const listenHost = text(
  'a host name or an address without a port',
  '0.0.0.0',
  /^([^\s/:[\]]+|[\da-fA-F]*:[\da-fA-F.]*:[\da-fA-F:.]*)$/,
);

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const setting = <T>(
  path: string,
  variable: string,
  reader: Reader<NoInfer<Exclude<T, null>>>,
  fallback: T,
  about: string,
): Setting<T> => ({ path, variable, reader: reader as Reader<T>, fallback, about });

/** All settings of one value. Subgraphs and limits, which are as many as one likes, are read beside them. */
export const settings = {
  brokers: setting<readonly string[] | null>(
    'kafka.brokers',
    'KAFKA_BROKERS',
    listOf(brokerAddress),
    null,
    'Bootstrap servers. Without them `tributary dev` starts a broker of its own, and other commands ask for one.',
  ),
  replication: setting(
    'kafka.replication',
    'TRIBUTARY_KAFKA_REPLICATION',
    number({
      expects: 'a whole number from 1 to 32767',
      example: '3',
      minimum: 1,
      maximum: 32_767,
      whole: true,
    }),
    -1,
    'Replication factor of topics that `--create-topics` makes. Default: the broker’s own.',
  ),
  gatewayHost: setting(
    'gateway.host',
    'TRIBUTARY_GATEWAY_HOST',
    listenHost,
    '127.0.0.1',
    'Address that the gateway listens on; 0.0.0.0 is all of them. Names by which clients then address it belong into gateway.hosts.',
  ),
  gatewayPort: setting('gateway.port', 'TRIBUTARY_GATEWAY_PORT', portReader, 4000, 'Its port.'),
  gatewayWorkers: setting(
    'gateway.workers',
    'TRIBUTARY_GATEWAY_WORKERS',
    workersReader,
    1,
    'Processes that share the port, one a core at most; see [Several cores](../deployment.md#several-cores). Limits hold for each.',
  ),
  subgraphWorkers: setting<number | null>(
    'subgraphs.<name>.workers',
    'TRIBUTARY_SUBGRAPH_WORKERS',
    workersReader,
    null,
    'The same for the subgraph that is run. Default: 1.',
  ),
  origins: setting<readonly string[]>(
    'gateway.origins',
    'TRIBUTARY_GATEWAY_ORIGINS',
    listOf(origin),
    [],
    'Origins of web pages that may use the gateway, besides those on loopback.',
  ),
  hosts: setting<readonly string[]>(
    'gateway.hosts',
    'TRIBUTARY_GATEWAY_HOSTS',
    listOf(hostHeader),
    [],
    'Names under which clients address the gateway, besides those of loopback: whatever stands in their `Host` header.',
  ),
  compression: setting(
    'gateway.compression',
    'TRIBUTARY_GATEWAY_COMPRESSION',
    flag,
    false,
    'Compress SSE and multipart streams for clients that accept gzip. Saves bandwidth; costs up to 50 KB and a compression of each event a client.',
  ),
  supergraph: setting<string | null>(
    'gateway.supergraph',
    'TRIBUTARY_GATEWAY_SUPERGRAPH',
    text('a path', 'supergraph.graphql'),
    null,
    'File with the supergraph SDL, as `tributary compose --out` writes it. Default: composed from the subgraphs.',
  ),
  pollMs: setting(
    'gateway.pollMs',
    'TRIBUTARY_GATEWAY_POLL_MS',
    number({
      expects: 'milliseconds, a whole number from 100 to 3600000',
      example: '5000',
      minimum: 100,
      maximum: 3_600_000,
      whole: true,
    }),
    5_000,
    'Milliseconds between two looks at the supergraph file, or at the SDL that the running subgraphs tell. What changed is served without a restart.',
  ),
  usageFile: setting<string | null>(
    'gateway.usage.file',
    'TRIBUTARY_GATEWAY_USAGE_FILE',
    text('a path', '.tributary/usage.jsonl'),
    null,
    'File to which the gateway writes which operations and fields its clients use, one for each process; see [Usage](usage.md). Default: none.',
  ),
  usageTopic: setting<string | null>(
    'gateway.usage.topic',
    'TRIBUTARY_GATEWAY_USAGE_TOPIC',
    text('the name of a topic', 'graph.usage', /^[A-Za-z0-9._-]{1,249}$/),
    null,
    'Topic to which the gateway writes the same, for as many processes as there are. It has to be there. Default: none.',
  ),
  usageBrokers: setting<readonly string[] | null>(
    'gateway.usage.brokers',
    'TRIBUTARY_GATEWAY_USAGE_BROKERS',
    listOf(brokerAddress),
    null,
    'Bootstrap servers of that topic. Default: `kafka.brokers`.',
  ),
  viewsRedis: setting<string | null>(
    'views.redis',
    'TRIBUTARY_REDIS_URL',
    text('an address of Redis, redis:// or rediss://', 'redis://127.0.0.1:6379/0', /^rediss?:\/\/[^\s/]\S*$/),
    null,
    'Redis in which the replicas of a subgraph share their views; several nodes of a cluster separated by commas. Default: each process keeps its own views, in `data`.',
  ),
  data: setting(
    'data',
    'TRIBUTARY_DATA',
    text('a path', '.tributary'),
    '.tributary',
    'Folder for views, for the SDL of remote subgraphs that was fetched last, and for the broker of `tributary dev`.',
  ),
  speed: setting(
    'replay.speed',
    'TRIBUTARY_REPLAY_SPEED',
    number({ expects: 'a number from 0.001 to 100000', example: '60', minimum: 0.001, maximum: 100_000 }),
    60,
    'So many times as fast as the recorded week was.',
  ),
  from: setting<string | null>(
    'replay.from',
    'TRIBUTARY_REPLAY_FROM',
    text(
      'a time as in RFC 3339',
      '2013-02-08T12:00:00Z',
      /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/,
    ),
    null,
    'Moment of the recorded week to begin with. Default: where the replay was, at first the Monday morning.',
  ),
  logLevel: setting<LogLevel>(
    'log.level',
    'TRIBUTARY_LOG_LEVEL',
    oneOf(logLevels, 'debug'),
    'info',
    'What is logged: this level and those above it.',
  ),
} as const;

/** For the help. */
export const environmentVariables: readonly { readonly name: string; readonly path: string }[] =
  Object.values(settings).map(({ variable, path: settingPath }) => ({ name: variable, path: settingPath }));
