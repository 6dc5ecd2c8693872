import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { parseCommandArguments } from '../../cli/arguments.ts';
import { readConfiguration } from '../../cli/configuration/read.ts';
import { environmentVariables } from '../../cli/configuration/settings.ts';
import { redisChecks } from '../../cli/doctor/redis.ts';
import { commands } from '../../cli/manual.ts';
import { findPip, pipMissing } from '../support/pip.ts';
import { startRedis } from '../support/redis.ts';
import { findRedis, redisMissing } from '../support/redis-server.ts';
import { type ComposeFile, readComposeFile, root, type Service } from './compose-file.ts';
import { deploymentTools } from './tools.ts';

const run = promisify(execFile);
const pip = await findPip();

let file: ComposeFile;

beforeAll(async () => {
  file = await readComposeFile();
});

const services = (): [string, Service][] => Object.entries(file.services);
const brokers = () => services().filter(([name]) => name.startsWith('kafka-'));
const ours = () => services().filter(([name]) => name !== 'redis' && !name.startsWith('kafka-'));
const subgraphs = () => ours().filter(([, { command }]) => command?.[0] === 'subgraph');
/** Those that share their views. */
const sharing = () => subgraphs().filter(([, { environment }]) => environment?.TRIBUTARY_REDIS_URL);
const configurationOf = (path: string) => readConfiguration({ file: path, directory: root, environment: {} });

describe('the schema of the Compose specification', () => {
  beforeEach(({ skip }) => skip(pip === null, pipMissing));

  const mistakesOf = async (candidate: unknown) => {
    const { composeSchema } = await deploymentTools();
    const schema = JSON.parse(await readFile(composeSchema, 'utf8')) as object;
    // The schema has formats of Compose's own, such as durations.
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
    return validate(candidate) ? [] : (validate.errors ?? []);
  };

  test('takes the file', async () => {
    expect(await mistakesOf(file)).toEqual([]);
  });

  test('would refuse a key that Compose does not know', async () => {
    const gateway = { ...file.services.gateway, restarts: 'always' };
    expect(await mistakesOf({ ...file, services: { gateway } })).toContainEqual(
      expect.objectContaining({ params: { unevaluatedProperty: 'restarts' } }),
    );
  });
});

describe('safety', () => {
  test('only the gateway and the brokers publish a port, each on loopback', () => {
    const published = services().flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port]));
    expect(published).toEqual([
      ['kafka-1', '127.0.0.1:9092:9092'],
      ['kafka-2', '127.0.0.1:9093:9092'],
      ['kafka-3', '127.0.0.1:9094:9092'],
      ['gateway', '127.0.0.1:4000:4000'],
    ]);
  });

  test('no service has more rights than it needs, or the host in it', () => {
    for (const [name, service] of services()) {
      for (const key of ['privileged', 'cap_add', 'devices', 'network_mode', 'pid', 'ipc', 'user'])
        expect(service, name).not.toHaveProperty(key);
      expect(service.security_opt, name).toContain('no-new-privileges:true');
      for (const volume of service.volumes ?? []) expect(volume, name).toMatch(/^[a-z0-9-]+:\/\S+$/);
    }
    for (const [name, service] of ours())
      expect(service, name).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
  });

  test('each volume belongs to one service: a view has one owner', () => {
    const mounted = services().flatMap(([, { volumes = [] }]) =>
      volumes.map((volume) => volume.split(':')[0]),
    );
    expect(mounted.toSorted()).toEqual(Object.keys(file.volumes).toSorted());
  });
});

describe('health', () => {
  test('every service is asked for its health, but the one that serves nothing', () => {
    const without = services().filter(
      ([, { healthcheck, build }]) => healthcheck?.disable === true || !(healthcheck?.test ?? build),
    );
    expect(without.map(([name]) => name)).toEqual(['replay']);
  });

  test('everything starts when what it needs is healthy', () => {
    const needs = (name: string) => Object.entries(file.services[name]?.depends_on ?? {});
    const names = (list: readonly [string, Service][]) => list.map(([name]) => name);
    for (const name of names(ours()))
      for (const [needed, { condition }] of needs(name)) {
        expect([needed, condition]).toEqual([needed, 'service_healthy']);
        expect(file.services[needed]?.profiles).toBeUndefined();
      }
    for (const [name] of subgraphs()) {
      const redis = names(sharing()).includes(name) ? ['redis'] : [];
      expect(needs(name).map(([other]) => other)).toEqual([...names(brokers()), ...redis]);
    }
    expect(needs('gateway').map(([other]) => other)).toEqual(names(subgraphs()));
    expect(needs('replay').map(([other]) => other)).toEqual([...names(brokers()), ...names(subgraphs())]);
  });

  test('the replay runs only when asked for', () => {
    const optional = services().filter(([, { profiles }]) => profiles !== undefined);
    expect(optional.map(([name, { profiles }]) => [name, profiles])).toEqual([['replay', ['replay']]]);
  });
});

describe('the brokers', () => {
  test('are three of one cluster, of the version that runs without Docker', async () => {
    const pom = await readFile(join(root, 'local', 'kafka', 'pom.xml'), 'utf8');
    const version = /<artifactId>kafka_2\.13<\/artifactId>\s*<version>([^<]+)/.exec(pom)?.[1];
    const voters = brokers().map(([name], index) => `${index + 1}@${name}:9093`);
    expect(voters).toHaveLength(3);
    for (const [index, [name, { image, environment }]] of brokers().entries()) {
      expect(image).toBe(`apache/kafka:${version}`);
      expect(environment).toEqual({
        ...brokers()[0]?.[1].environment,
        KAFKA_NODE_ID: index + 1,
        KAFKA_CONTROLLER_QUORUM_VOTERS: voters.join(','),
        KAFKA_ADVERTISED_LISTENERS: `CLIENT://127.0.0.1:${9092 + index},INTERNAL://${name}:19092`,
      });
    }
  });

  test('keep each record three times, and acknowledge it when two have it', () => {
    for (const [, { environment = {} }] of brokers()) {
      const replicated = Object.entries(environment).filter(([key]) => /REPLICATION_FACTOR|MIN_/.test(key));
      expect(Object.fromEntries(replicated)).toEqual({
        KAFKA_DEFAULT_REPLICATION_FACTOR: 3,
        KAFKA_MIN_INSYNC_REPLICAS: 2,
        KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: 3,
        KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: 3,
        KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: 2,
        KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: 3,
        KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: 2,
      });
    }
  });
});

describe('Redis', () => {
  const optionsOf = ({ command = [] }: Service): Readonly<Record<string, string>> =>
    Object.fromEntries(
      command.flatMap((word, index) =>
        word.startsWith('--') ? [[word.slice(2), command[index + 1] ?? '']] : [],
      ),
    );

  test('is pinned, keeps what was written over a restart, and refuses rather than evicts when it is full', () => {
    const { redis } = file.services;
    expect(redis?.image).toMatch(/^redis:\d+\.\d+\.\d+-\w+$/);
    expect(redis?.command?.[0]).toBe('redis-server');
    expect(optionsOf(redis ?? {})).toMatchObject({
      appendonly: 'yes',
      'maxmemory-policy': 'noeviction',
      maxmemory: expect.stringMatching(/^\d+mb$/),
    });
    expect(redis).toMatchObject({ read_only: true, volumes: ['redis:/data'] });
    expect(redis?.ports).toBeUndefined();
  });

  test('with the settings of the file is one that views and the doctor accept', async (context) => {
    if ((await findRedis()) === null) context.skip(redisMissing);
    const server = await startRedis({ settings: optionsOf(file.services.redis ?? {}) });
    onTestFinished(() => server.close());
    const [check] = redisChecks(server.url);
    expect(await check?.run()).toEqual({
      kind: 'GOOD',
      detail: expect.stringMatching(/noeviction.*append-only/),
    });
  });

  test('its health check fails where nothing answers, and passes where it does', async (context) => {
    if ((await findRedis()) === null) context.skip(redisMissing);
    const server = await startRedis();
    onTestFinished(() => server.close());
    const [, program = '', ...parameters] = file.services.redis?.healthcheck?.test ?? [];
    const codeOf = () =>
      run(program, ['-p', `${server.port}`, ...parameters]).then(
        () => 0,
        ({ code }) => code,
      );
    expect(await codeOf()).toBe(0);
    await server.kill();
    expect(await codeOf()).toBe(1);
  });

  test('holds the views of what runs in several processes, which keep nothing of their own', () => {
    const several = services().filter(([, { deploy }]) => (deploy?.replicas ?? 1) > 1);
    expect(several.map(([name]) => name)).toEqual(['flights']);
    expect(sharing()).toEqual(several);
    for (const [, { volumes, environment }] of sharing()) {
      expect(volumes).toBeUndefined();
      expect(environment?.TRIBUTARY_REDIS_URL).toBe('redis://redis:6379/0');
    }
  });
});

describe('Tributary', () => {
  test('runs the subgraphs of tributary.yaml, and the gateway asks each of them', () => {
    const declared = configurationOf('tributary.yaml').subgraphs.map(({ name }) => name);
    expect(subgraphs().map(([name, { command }]) => [name, command?.[1]])).toEqual(
      declared.toSorted().map((name) => [name, `subgraphs/${name}`]),
    );
    const { subgraphs: asked } = configurationOf(file.configs.gateway?.file ?? '');
    expect(asked).toEqual(
      declared
        .toSorted()
        .map((name) => ({ kind: 'REMOTE', name, url: `http://${name}:4000/graphql`, schema: null })),
    );
  });

  test('is started with options and variables that it knows', () => {
    const variables = environmentVariables.map(({ name }) => name);
    for (const [, { command, environment }] of ours()) {
      expect(variables).toEqual(expect.arrayContaining(Object.keys(environment ?? {})));
      const [name, ...rest] = command ?? [];
      const known = commands.find((candidate) => candidate.name === name);
      if (known !== undefined) parseCommandArguments(known, rest);
      else expect(command).toBeUndefined();
    }
    for (const [, { environment = {} }] of subgraphs()) {
      const { TRIBUTARY_REDIS_URL: _, ...shared } = environment;
      expect(shared).toEqual({
        KAFKA_BROKERS: brokers()
          .map(([name]) => `${name}:19092`)
          .join(','),
        TRIBUTARY_KAFKA_REPLICATION: 3,
      });
    }
  });

  test('listens where the health check of the image asks', () => {
    for (const [, { command }] of subgraphs())
      expect(command?.slice(2, 6)).toEqual(['--host', '0.0.0.0', '--port', '4000']);
  });
});
