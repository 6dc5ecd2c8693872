import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../local/ports.ts';
import { identityOf } from '../../local/supervisor/index.ts';
import { startTributary, tributary } from './run.ts';

let directory: string;
let gatewayPort: number;
let weatherPort: number;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gateway-'));
  gatewayPort = await freePort();
  weatherPort = await freePort();
  mkdirSync(join(directory, 'orders'));
  writeFileSync(join(directory, 'orders', 'orders.graphql'), sdlOf('order'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const sdlOf = (field: string): string =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\ntype Query { ${field}: Int }\n`;

const configure = (subgraphs: string): void =>
  writeFileSync(
    join(directory, 'tributary.yaml'),
    `gateway: { port: ${gatewayPort} }\nsubgraphs:\n${subgraphs}`,
  );

/** A subgraph of somebody else, as far as composition asks it. */
const serveWeather = async (sdl = () => sdlOf('temperature')): Promise<Server> => {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data: { _service: { sdl: sdl() } } }));
  });
  server.listen(weatherPort, '127.0.0.1');
  await once(server, 'listening');
  return server;
};

const close = async (server: Server): Promise<void> => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
};

const untilLogged = async ({ child, output }: ReturnType<typeof startTributary>, text: string, times = 1) => {
  while (output.stdout.split(text).length <= times) await once(child.stdout, 'data');
};

const fieldsServed = async (): Promise<readonly string[]> => {
  const response = await fetch(`http://127.0.0.1:${gatewayPort}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ __schema { queryType { fields { name } } } }' }),
  });
  const { data } = (await response.json()) as {
    data: { __schema: { queryType: { fields: { name: string }[] } } };
  };
  return data.__schema.queryType.fields.map(({ name }) => name).toSorted();
};

const stopped = async (gateway: ReturnType<typeof startTributary>): Promise<string> => {
  gateway.child.kill('SIGTERM');
  const { code, stdout } = await gateway.finished;
  expect(code).toBe(0);
  return stdout;
};

describe('gateway', () => {
  test('a remote subgraph that is down is said once; others are served, and it comes in when it answers', async () => {
    configure(
      `  orders: { dir: orders, port: ${await freePort()} }\n  weather: { url: "http://127.0.0.1:${weatherPort}/graphql" }\n`,
    );
    const first = startTributary(['gateway'], { cwd: directory });
    await untilLogged(first, 'gateway listens on');
    expect(await fieldsServed()).toEqual(['order']);
    const weather = await serveWeather();
    await untilLogged(first, 'gateway listens on', 2);
    expect(await fieldsServed()).toEqual(['order', 'temperature']);
    expect((await stopped(first)).match(/subgraph weather at .* does not tell its SDL/g)).toHaveLength(1);

    // Down again: what it answered last is used.
    await close(weather);
    const second = startTributary(['gateway'], { cwd: directory });
    await untilLogged(second, 'gateway listens on');
    expect(await fieldsServed()).toEqual(['order', 'temperature']);
    expect(await stopped(second)).toContain('its last SDL is used');
  });

  test('a remote subgraph that comes with mistakes ends nothing that is served, and comes in when they are cured', async () => {
    configure(
      `  orders: { dir: orders, port: ${await freePort()} }\n  weather: { url: "http://127.0.0.1:${weatherPort}/graphql" }\n`,
    );
    // A folder that cannot be written costs the cache, not the answer.
    writeFileSync(join(directory, 'file'), '');
    const gateway = startTributary(['gateway'], {
      cwd: directory,
      environment: { TRIBUTARY_DATA: join(directory, 'file', 'data') },
    });
    await untilLogged(gateway, 'gateway listens on');
    let sdl = 'type Query { temperature: Nothing }';
    const weather = await serveWeather(() => sdl);
    await untilLogged(gateway, 'the subgraphs do not compose');
    expect(await fieldsServed()).toEqual(['order']);
    sdl = sdlOf('temperature');
    await untilLogged(gateway, 'gateway listens on', 2);
    expect(await fieldsServed()).toEqual(['order', 'temperature']);
    await stopped(gateway);
    await close(weather);
  });

  test('serves the supergraph of a file, which needs no subgraph', async () => {
    configure(`  orders: { dir: orders, port: ${await freePort()} }\n`);
    const composed = await tributary(['compose', '--out', 'supergraph.graphql'], { cwd: directory });
    expect(composed.code).toBe(0);
    const gateway = startTributary(['gateway', '--config', 'absent.yaml'], { cwd: directory });
    expect((await gateway.finished).code).toBe(2);
    rmSync(join(directory, 'orders'), { recursive: true });
    rmSync(join(directory, 'tributary.yaml'));
    const alone = startTributary(['gateway', '--port', String(gatewayPort)], {
      cwd: directory,
      environment: { TRIBUTARY_GATEWAY_SUPERGRAPH: 'supergraph.graphql' },
    });
    await untilLogged(alone, 'gateway listens on');
    expect(await fieldsServed()).toEqual(['order']);
    await stopped(alone);
  });

  test('a port in use: one message with the owner and the cure, exit code 1', async () => {
    const server = createServer().listen(gatewayPort, '127.0.0.1');
    await once(server, 'listening');
    configure(`  orders: { dir: orders, port: ${await freePort()} }\n`);
    for (const command of ['gateway', 'dev']) {
      const { code, stderr } = await tributary([command], { cwd: directory });
      expect(stderr).toContain(`Port ${gatewayPort} is in use by process ${process.pid} (`);
      expect(stderr).toMatch(/End it, or choose another.*--port/);
      expect(code).toBe(1);
    }
    await close(server);
  });

  test('kill -9 of the launcher ends what it launched', async () => {
    configure(`  orders: { dir: orders, port: ${await freePort()} }\n`);
    const script = join(import.meta.dirname, '..', '..', 'cli', 'tributary.mjs');
    const launcher = spawn(process.execPath, [script, 'gateway'], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(launcher.stdout, 'end');
    let text = '';
    for await (const chunk of launcher.stdout.iterator({ destroyOnReturn: false })) {
      text += String(chunk);
      if (text.includes('gateway listens on')) break;
    }
    const health = (await (await fetch(`http://127.0.0.1:${gatewayPort}/health/live`)).text()).length;
    expect(health).toBeGreaterThan(0);
    launcher.kill('SIGKILL');
    launcher.stdout.resume();
    // The pipe ends when nobody holds it any more: the launched process has gone too.
    await ended;
    expect(identityOf(launcher.pid!)).toBeNull();
    await expect(fetch(`http://127.0.0.1:${gatewayPort}/health/live`)).rejects.toThrow();
  });
});
