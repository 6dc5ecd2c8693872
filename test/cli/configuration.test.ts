import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readConfiguration } from '../../cli/configuration/read.ts';
import { Mistakes } from '../../cli/mistakes.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'configuration-'));
  mkdirSync(join(directory, 'flights'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const read = (yaml: string | null, environment: Record<string, string> = {}) => {
  if (yaml !== null) writeFileSync(join(directory, 'tributary.yaml'), yaml);
  return readConfiguration({ directory, environment });
};

const mistakesOf = (yaml: string | null, environment: Record<string, string> = {}): readonly string[] => {
  try {
    read(yaml, environment);
  } catch (error) {
    if (!(error instanceof Mistakes)) throw error;
    expect(error.exitCode).toBe(2);
    return error.mistakes.map(({ file, line, column, message, cure }) => {
      const near = file.replace(`${directory}/`, '');
      return `${line === null ? near : `${near}:${line}:${column}`} ${message}\n${cure}`;
    });
  }
  return [];
};

describe('values', () => {
  test('without a file the defaults hold', () => {
    expect(read(null)).toMatchObject({
      file: null,
      kafka: { brokers: null, replication: -1 },
      gateway: {
        host: '127.0.0.1',
        port: 4000,
        origins: [],
        hosts: [],
        supergraph: null,
        usage: { file: null },
        limits: {},
        compression: false,
      },
      subgraphs: [],
      data: join(directory, '.tributary'),
      replay: { speed: 60, from: null },
      log: { level: 'info' },
    });
  });

  test('the file goes before the defaults; its paths start from its folder', () => {
    const configuration = read(`
kafka: { brokers: [kafka-1:9092, kafka-2:9092], replication: 3 }
gateway:
  port: 4100
  origins: https://app.example.org
  supergraph: build/supergraph.graphql
  compression: true
  limits: { operationsPerSocket: 7 }
subgraphs:
  flights: { dir: flights, port: 4002, host: 0.0.0.0 }
  weather: { url: "http://weather.example.org/graphql" }
data: /var/lib/tributary
replay: { speed: 600, from: 2013-02-08T12:00:00Z }
log: { level: warn }
`);
    expect(configuration).toMatchObject({
      kafka: { brokers: ['kafka-1:9092', 'kafka-2:9092'], replication: 3 },
      gateway: {
        port: 4100,
        origins: ['https://app.example.org'],
        supergraph: join(directory, 'build/supergraph.graphql'),
        compression: true,
        limits: { operationsPerSocket: 7 },
      },
      subgraphs: [
        {
          kind: 'LOCAL',
          name: 'flights',
          directory: join(directory, 'flights'),
          host: '0.0.0.0',
          port: 4002,
          url: 'http://127.0.0.1:4002/graphql',
        },
        { kind: 'REMOTE', name: 'weather', url: 'http://weather.example.org/graphql', schema: null },
      ],
      data: '/var/lib/tributary',
      replay: { speed: 600, from: '2013-02-08T12:00:00Z' },
      log: { level: 'warn' },
    });
  });

  test('an address of IPv6 stands in brackets where a subgraph is reached', () => {
    const { subgraphs } = read('subgraphs: { flights: { dir: flights, port: 4002, host: "::1" } }');
    expect(subgraphs).toMatchObject([{ host: '::1', url: 'http://[::1]:4002/graphql' }]);
  });

  test('the environment goes before the file', () => {
    const configuration = read('gateway: { port: 4100, host: 10.0.0.1 }\nkafka: { brokers: a:1 }', {
      KAFKA_BROKERS: 'b:1, c:2',
      TRIBUTARY_GATEWAY_PORT: '4200',
      TRIBUTARY_LOG_LEVEL: 'debug',
    });
    expect(configuration.kafka.brokers).toEqual(['b:1', 'c:2']);
    expect(configuration.gateway).toMatchObject({ port: 4200, host: '10.0.0.1' });
    expect(configuration.log.level).toBe('debug');
  });

  test('the file of usage starts from the folder of the configuration, wherever it is named', () => {
    expect(read('gateway: { usage: { file: out/usage.jsonl } }').gateway.usage.file).toBe(
      join(directory, 'out/usage.jsonl'),
    );
    const environment = { TRIBUTARY_GATEWAY_USAGE_FILE: '/var/log/usage.jsonl' };
    expect(read(null, environment).gateway.usage.file).toBe('/var/log/usage.jsonl');
  });

  test('views are in files, or in the Redis that is named', () => {
    expect(read(null).views).toEqual({ redis: null });
    expect(read('views: { redis: redis://redis-1:6379 }').views).toEqual({ redis: 'redis://redis-1:6379' });
    const environment = { TRIBUTARY_REDIS_URL: 'rediss://redis-2:6380/1' };
    expect(read('views: { redis: redis://redis-1:6379 }', environment).views).toEqual({
      redis: 'rediss://redis-2:6380/1',
    });
    expect(mistakesOf('views: { redis: localhost }')).toEqual([
      expect.stringMatching(/views\.redis is .*localhost.* must be an address of Redis/),
    ]);
  });

  test('an empty variable and an empty section count as absent', () => {
    expect(read('gateway:\nsubgraphs:\n', { TRIBUTARY_GATEWAY_PORT: '' }).gateway.port).toBe(4000);
  });
});

describe('mistakes', () => {
  test('all are listed at once, each with its place, what is wrong and the cure', () => {
    const yaml = `gatway: { port: 4000 }
gateway:
  port: 99999
  origins: [app.example.org]
  limits: { ringByte: 5, bodyBytes: none }
kafka: broker:9092
subgraphs:
  flights: { dir: flihgts }
  weather: { schema: weather.graphql }
  "no name": { url: ftp://x, prot: 3 }
log: { level: loud }
`;
    expect(mistakesOf(yaml)).toEqual([
      'tributary.yaml:1:1 "gatway" is no setting.\nDid you mean "gateway"?',
      'tributary.yaml:3:9 gateway.port is 99999, but must be a port, a whole number from 0 to 65535.\nWrite for example: port: 4000',
      'tributary.yaml:4:13 gateway.origins[0] is "app.example.org", but must be an origin such as https://app.example.org.\nWrite for example: - https://app.example.org',
      'tributary.yaml:5:13 "gateway.limits.ringByte" is no setting.\nDid you mean "ringBytes"?',
      'tributary.yaml:5:37 gateway.limits.bodyBytes is "none", but must be a whole number above 0.\nWrite for example: bodyBytes: 1048576',
      'tributary.yaml:6:8 kafka is "broker:9092", but must be a section of keys and values.\nWrite for example: kafka: { brokers: [127.0.0.1:9092] }',
      expect.stringContaining('tributary.yaml:8:3 subgraphs.flights has a dir but no port.'),
      expect.stringContaining(
        'tributary.yaml:8:19 subgraphs.flights.dir is "flihgts", but there is no such folder.',
      ),
      expect.stringContaining('tributary.yaml:9:3 subgraphs.weather has neither dir nor url.'),
      expect.stringContaining('tributary.yaml:9:22 subgraphs.weather.schema is "weather.graphql"'),
      expect.stringContaining('tributary.yaml:10:3 "no name" is no name for a subgraph.'),
      expect.stringContaining('subgraphs.no name.url is "ftp://x", but must be an http or https address.'),
      expect.stringContaining('"subgraphs.no name.prot" is no setting.\nDid you mean "port"?'),
      expect.stringContaining('tributary.yaml:11:15 log.level is "loud", but must be one of trace, debug'),
    ]);
  });

  test('of the environment: the variable is named', () => {
    expect(mistakesOf(null, { TRIBUTARY_GATEWAY_PORT: 'http', KAFKA_BROKERS: 'kafka' })).toEqual([
      'environment variable TRIBUTARY_GATEWAY_PORT gateway.port is "http", but must be a port, a whole number from 0 to 65535.\nSet it to a value such as 4000, or unset it.',
      'environment variable KAFKA_BROKERS kafka.brokers is "kafka", but must be a list, each host:port.\nSet it to a value such as 127.0.0.1:9092, or unset it.',
    ]);
  });

  test('each is shown with its source line', () => {
    expect(() => read('gateway:\n  port: x\n')).toThrow(
      /tributary\.yaml:2:9\n {2}gateway\.port is "x", .*\n {2}2 \| {3}port: x\n {4}\| {9}\^\n {2}Write for example: port: 4000$/,
    );
  });

  test('of a section in a section', () => {
    expect(mistakesOf('gateway:\n  usage: usage.jsonl\n')).toEqual([
      'tributary.yaml:2:10 gateway.usage is "usage.jsonl", but must be a section of keys and values.\nWrite for example: usage: { file: .tributary/usage.jsonl }',
    ]);
    expect(mistakesOf('gateway: { usage: { fil: usage.jsonl } }')).toEqual([
      'tributary.yaml:1:21 "gateway.usage.fil" is no setting.\nDid you mean "file"?',
    ]);
  });

  test('a password in an address is shown neither in the message nor in the line of the file', () => {
    const shownFor = (yaml: string | null, environment: Record<string, string> = {}): string => {
      try {
        read(yaml, environment);
      } catch (error) {
        return String(error);
      }
      return '';
    };
    expect(shownFor(null, { TRIBUTARY_REDIS_URL: 'redis//me:geheim@host' })).toContain(
      'views.redis is "****************@host", but must be an address of Redis',
    );
    const yaml =
      'views: { redis: "redis://me:ge/heim@host", rdis: 1 }\nsubgraphs: { a: { url: "ftp://me:geheim@host" } }\n';
    const shown = shownFor(yaml);
    expect(shown).toContain('1 | views: { redis: "redis://**********@host", rdis: 1 }\n    |');
    expect(shown).toContain('subgraphs.a.url is "ftp://*********@host"');
    expect(shown).not.toMatch(/heim/);
  });

  test('a setting of a listener for a subgraph that runs elsewhere', () => {
    const url = 'http://weather.example.org/graphql';
    expect(mistakesOf(`subgraphs:\n  weather: { url: "${url}", port: 4004, host: 0.0.0.0 }\n`)).toEqual([
      expect.stringContaining('subgraphs.weather has port but no dir: nothing of it listens here.'),
      expect.stringContaining('subgraphs.weather has host but no dir: nothing of it listens here.'),
    ]);
  });

  test('an address to listen on holds no port', () => {
    for (const host of ['0.0.0.0', '::1', '::', 'fe80::1', '::ffff:10.0.0.1', 'localhost'])
      expect(read(null, { TRIBUTARY_GATEWAY_HOST: host }).gateway.host).toBe(host);
    for (const host of ['0.0.0.0:4000', 'localhost:4000', '[::1]', 'http://localhost'])
      expect(mistakesOf(null, { TRIBUTARY_GATEWAY_HOST: host })).toEqual([
        expect.stringContaining('but must be a host name or an address without a port'),
      ]);
  });

  test('two listeners on one port', () => {
    const yaml =
      'subgraphs:\n  a: { dir: flights, port: 4000 }\n  b: { dir: flights, port: 4001 }\n  c: { dir: flights, port: 4001 }\n';
    expect(mistakesOf(yaml)).toEqual([
      'tributary.yaml:2:3 subgraphs.a.port is 4000, which is gateway.port already.\nGive each its own port.',
      'tributary.yaml:4:3 subgraphs.c.port is 4001, which is subgraphs.b.port already.\nGive each its own port.',
    ]);
  });

  test('a file that is no YAML, and one that is no section', () => {
    expect(mistakesOf('gateway: { port: 1')).toEqual([
      expect.stringMatching(/^tributary\.yaml:1:19 The file is no YAML: /),
    ]);
    expect(mistakesOf('- a\n')).toEqual([
      expect.stringContaining(
        'tributary.yaml:1:1 The file is a list, but must be a section of keys and values.',
      ),
    ]);
  });

  test('a file given with --config must be there', () => {
    expect(() => readConfiguration({ directory, file: 'absent.yaml', environment: {} })).toThrow(
      /no such file/,
    );
  });
});
