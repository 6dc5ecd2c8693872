import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { composeIsUsable, startComposeKafka } from '../../local/kafka/compose.ts';
import { resolveKafka } from '../../local/kafka/index.ts';
import { freePort } from '../../local/ports.ts';
import { brokers } from '../support/kafka.ts';
import { programs, scratchDirectory } from '../support/scratch.ts';

const resolve = (KAFKA_BROKERS: string, timeoutMs = 300) =>
  resolveKafka({ directory: '/nowhere', environment: { KAFKA_BROKERS }, timeoutMs });

test('KAFKA_BROKERS is used when one of them answers', async () => {
  const given = `127.0.0.1:${await freePort()},${brokers()}`;
  expect(await resolve(given)).toEqual({ brokers: given, source: 'environment', local: null });
});

test('KAFKA_BROKERS that nobody answers is an error, never another cluster', async () => {
  const given = `127.0.0.1:${await freePort()}`;
  await expect(resolve(given)).rejects.toMatchObject({
    code: 'BROKER_SILENT',
    message: expect.stringMatching(
      new RegExp(
        `^KAFKA_BROKERS is "${given}", and none .+ within 0.3 s \\(.*ECONNREFUSED.*\\)\\. Start that cluster`,
      ),
    ),
  });
});

test('KAFKA_BROKERS that is no address names the part', async () => {
  await expect(resolve(`${brokers()},kafka`)).rejects.toThrow('holds "kafka", which is not host:port');
});

test('something else than Kafka is told apart', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address() as AddressInfo;
  await expect(resolve(`127.0.0.1:${port}`)).rejects.toThrow('what listens there is not Kafka');
});

test('Docker Compose is used only where the file has brokers and the engine answers', async () => {
  const directory = await scratchDirectory();
  const [withKafka, without] = [join(directory, 'kafka.yml'), join(directory, 'other.yml')];
  await writeFile(withKafka, 'services: { kafka: { image: x } }');
  await writeFile(without, 'services: { postgres: { image: x } }');
  const up = { PATH: await programs(join(directory, 'up'), { docker: 'exit 0' }) };
  const down = { PATH: await programs(join(directory, 'down'), { docker: 'test "$1" = compose' }) };
  expect(await composeIsUsable({ file: withKafka, environment: up })).toBe(true);
  expect(await composeIsUsable({ file: withKafka, environment: down })).toBe(false);
  expect(await composeIsUsable({ file: withKafka, environment: { PATH: '' } })).toBe(false);
  expect(await composeIsUsable({ file: without, environment: up })).toBe(false);
  expect(await composeIsUsable({ file: join(directory, 'none.yml'), environment: up })).toBe(false);
});

test('of the Compose file the brokers are started and nothing else; all their addresses are given', async () => {
  const directory = await scratchDirectory();
  const docker = `echo "$*" >> '${directory}/calls'
    case "$*" in *' port kafka-'*) echo "127.0.0.1:909\${5#kafka-}" ;; esac`;
  const environment = { PATH: `${await programs(directory, { docker })}:${process.env.PATH}` };
  const file = join(import.meta.dirname, '..', '..', 'docker-compose.yml');
  expect(await startComposeKafka({ file, environment })).toBe('127.0.0.1:9091,127.0.0.1:9092,127.0.0.1:9093');
  const [start, ...ports] = (await readFile(join(directory, 'calls'), 'utf8')).trim().split('\n');
  expect(start).toBe(`compose --file ${file} up --detach --wait --wait-timeout 120 kafka-1 kafka-2 kafka-3`);
  expect(ports.toSorted()).toEqual([1, 2, 3].map((id) => `compose --file ${file} port kafka-${id} 9092`));
});

test('a broker of the Compose file that publishes no port is named', async () => {
  const directory = await scratchDirectory();
  const environment = { PATH: await programs(directory, { docker: 'exit 0' }) };
  const file = join(directory, 'docker-compose.yml');
  await writeFile(file, 'services: { kafka: { image: x } }');
  await expect(startComposeKafka({ file, environment })).rejects.toThrow('kafka of');
});

test('a Compose that fails says what it said', async () => {
  const directory = await scratchDirectory();
  const docker = 'echo "port is already allocated" >&2; exit 1';
  const environment = { PATH: await programs(directory, { docker }) };
  await expect(startComposeKafka({ file: 'docker-compose.yml', environment })).rejects.toMatchObject({
    code: 'COMPOSE_FAILED',
    message: expect.stringMatching(
      /^docker compose up .+ failed:\nport is already allocated\nPut this right/,
    ),
  });
});
