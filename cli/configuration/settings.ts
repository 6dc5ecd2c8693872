import { listOf, number, oneOf, type Reader, text } from './reader.ts';

/** One value of the configuration with its place in the file, the variable over it, and what holds without both. */
export interface Setting<T> {
  /** Section and key. */
  readonly path: string;
  /** Environment variable that goes before the file; null for none. */
  readonly variable: string | null;
  readonly reader: Reader<T>;
  readonly fallback: T;
}

export const portReader = number({
  expects: 'a port, a whole number from 0 to 65535',
  example: '4000',
  minimum: 0,
  maximum: 65_535,
  whole: true,
});

export const brokerAddress = text('host:port', '127.0.0.1:9092', /^(\[[^\]\s]+\]|[^\s:]+):\d{1,5}$/);
const origin = text(
  'an origin such as https://app.example.org',
  'https://app.example.org',
  /^https?:\/\/[^/\s]+$/,
);
const host = text('a host name or host:port', 'graph.example.org', /^[^\s/]+$/);
const path = text('a path', '.tributary');

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const setting = <T>(
  settingPath: string,
  variable: string | null,
  reader: Reader<NoInfer<Exclude<T, null>>>,
  fallback: T,
): Setting<T> => ({ path: settingPath, variable, reader: reader as Reader<T>, fallback });

/** All settings of one value. Subgraphs and limits, which are as many as one likes, are read beside them. */
export const settings = {
  /** Null: `tributary dev` starts a broker, the others ask for one. */
  brokers: setting<readonly string[] | null>('kafka.brokers', 'KAFKA_BROKERS', listOf(brokerAddress), null),
  /** Of topics that are created with --create-topics; −1: what the broker has as default. */
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
  ),
  gatewayHost: setting('gateway.host', 'TRIBUTARY_GATEWAY_HOST', host, '127.0.0.1'),
  gatewayPort: setting('gateway.port', 'TRIBUTARY_GATEWAY_PORT', portReader, 4000),
  /** Besides loopback (S29). */
  origins: setting<readonly string[]>('gateway.origins', 'TRIBUTARY_GATEWAY_ORIGINS', listOf(origin), []),
  hosts: setting<readonly string[]>('gateway.hosts', 'TRIBUTARY_GATEWAY_HOSTS', listOf(host), []),
  /** Null: composed from the subgraphs. */
  supergraph: setting<string | null>('gateway.supergraph', 'TRIBUTARY_GATEWAY_SUPERGRAPH', path, null),
  data: setting('data', 'TRIBUTARY_DATA', path, '.tributary'),
  /** So many times as fast as the recorded week was. */
  speed: setting(
    'replay.speed',
    'TRIBUTARY_REPLAY_SPEED',
    number({ expects: 'a number from 0.001 to 100000', example: '60', minimum: 0.001, maximum: 100_000 }),
    60,
  ),
  /** Moment of the recorded week to begin with; null: where the producer begins by itself. */
  from: setting<string | null>(
    'replay.from',
    'TRIBUTARY_REPLAY_FROM',
    text(
      'a time as in RFC 3339',
      '2013-02-08T12:00:00Z',
      /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/,
    ),
    null,
  ),
  logLevel: setting<LogLevel>('log.level', 'TRIBUTARY_LOG_LEVEL', oneOf(logLevels), 'info'),
} as const;

/** For the help. */
export const environmentVariables: readonly { readonly name: string; readonly path: string }[] =
  Object.values(settings).flatMap(({ variable, path: settingPath }) =>
    variable === null ? [] : [{ name: variable, path: settingPath }],
  );
