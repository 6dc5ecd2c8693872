import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../local/ports.ts';
import { identityOf } from '../../local/supervisor/index.ts';
import { RawClient } from '../gateway/support/raw-client.ts';
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

const configure = (subgraphs: string, limits = '{}'): void =>
  writeFileSync(
    join(directory, 'tributary.yaml'),
    `gateway: { port: ${gatewayPort}, limits: ${limits} }\nsubgraphs:\n${subgraphs}`,
  );

/** A subgraph of somebody else, as far as composition asks it. */
const serveWeather = async (
  sdl: (path: string | undefined) => string = () => sdlOf('temperature'),
): Promise<Server> => {
  const server = createServer(({ url }, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data: { _service: { sdl: sdl(url) } } }));
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

/** Looks for a new schema often. */
const often = { TRIBUTARY_GATEWAY_POLL_MS: '100' };
const newSupergraph = 'a new supergraph is served';

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
    const first = startTributary(['gateway'], { cwd: directory, environment: often });
    await untilLogged(first, 'gateway listens on');
    expect(await fieldsServed()).toEqual(['order']);
    const weather = await serveWeather();
    await untilLogged(first, newSupergraph);
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
      environment: { ...often, TRIBUTARY_DATA: join(directory, 'file', 'data') },
    });
    await untilLogged(gateway, 'gateway listens on');
    let sdl = 'type Query { temperature: Nothing }';
    const weather = await serveWeather(() => sdl);
    await untilLogged(gateway, 'the supergraph cannot be made anew');
    expect(await fieldsServed()).toEqual(['order']);
    sdl = sdlOf('temperature');
    await untilLogged(gateway, newSupergraph);
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

  test('S19 a supergraph file that changes is served without a restart; one that is none is refused', async () => {
    const file = join(directory, 'supergraph.graphql');
    configure(`  orders: { dir: orders, port: ${await freePort()} }\n`);
    expect((await tributary(['compose', '--out', file], { cwd: directory })).code).toBe(0);
    const before = readFileSync(file, 'utf8');
    const gateway = startTributary(['gateway', '--port', String(gatewayPort), '--config', 'tributary.yaml'], {
      cwd: directory,
      environment: { ...often, TRIBUTARY_GATEWAY_SUPERGRAPH: file },
    });
    await untilLogged(gateway, 'gateway listens on');
    const client = await new RawClient(`ws://127.0.0.1:${gatewayPort}/graphql`).initialised();
    writeFileSync(file, 'type Query { order: Int }');
    await untilLogged(gateway, 'the supergraph is refused; the one before is served');
    rmSync(file);
    await untilLogged(gateway, 'the supergraph cannot be made anew; what was there is served');
    expect(await fieldsServed()).toEqual(['order']);
    writeFileSync(join(directory, 'orders', 'orders.graphql'), sdlOf('order2'));
    expect((await tributary(['compose', '--out', file], { cwd: directory })).code).toBe(0);
    await untilLogged(gateway, newSupergraph);
    expect(await fieldsServed()).toEqual(['order2']);
    writeFileSync(file, before);
    await untilLogged(gateway, newSupergraph, 2);
    expect(await fieldsServed()).toEqual(['order']);
    expect(client.closed).toBeNull();
    await stopped(gateway);
    // Nothing that comes back: the one socket was closed by the stop.
    expect((await client.close()).code).toBe(1012);
  });

  test('S19 what running subgraphs tell is looked at again; a folder counts as long as its subgraph does not run', async () => {
    configure(
      `  orders: { dir: orders, port: ${weatherPort} }\n  weather: { url: "http://127.0.0.1:${weatherPort}/weather" }\n`,
    );
    let temperature = sdlOf('temperature');
    const weather = await serveWeather((path) => (path === '/weather' ? temperature : sdlOf('order')));
    const gateway = startTributary(['gateway'], { cwd: directory, environment: often });
    await untilLogged(gateway, 'gateway listens on');
    // The process that runs does not know it yet.
    writeFileSync(join(directory, 'orders', 'orders.graphql'), sdlOf('order2'));
    temperature = sdlOf('humidity');
    await untilLogged(gateway, newSupergraph);
    expect(await fieldsServed()).toEqual(['humidity', 'order']);
    temperature = 'type Query { humidity: Nothing }';
    await untilLogged(gateway, 'the supergraph cannot be made anew');
    expect(await fieldsServed()).toEqual(['humidity', 'order']);
    temperature = sdlOf('wind');
    await untilLogged(gateway, newSupergraph, 2);
    // Silent, it keeps its fields.
    await close(weather);
    expect(await fieldsServed()).toEqual(['order', 'wind']);
    await stopped(gateway);
  });

  test('S21 a second signal ends a drain that is under way at once', async () => {
    configure(`  orders: { dir: orders, port: ${await freePort()} }\n`, '{ drainMs: 60000 }');
    const gateway = startTributary(['gateway'], { cwd: directory });
    await untilLogged(gateway, 'gateway listens on');
    const url = `ws://127.0.0.1:${gatewayPort}/graphql`;
    // Ten milliseconds each, so more than a signal that counts as a second one needs.
    const clients = await Promise.all(Array.from({ length: 400 }, () => new RawClient(url).initialised()));
    gateway.child.kill('SIGTERM');
    await clients[0]?.close();
    const again = setInterval(() => gateway.child.kill('SIGTERM'), 50);
    const { code } = await gateway.finished;
    clearInterval(again);
    expect(code).toBe(1);
    const codes = await Promise.all(clients.map(async (client) => (await client.close()).code));
    expect(new Set(codes)).toEqual(new Set([1012, 1006]));
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

  test('an address that the machine has not: one message with the cure', async () => {
    configure(`  orders: { dir: orders, port: ${await freePort()} }\n`);
    for (const command of ['gateway', 'dev']) {
      // Of the range for documentation (RFC 5737), so nobody's.
      const environment = { TRIBUTARY_GATEWAY_HOST: '192.0.2.1' };
      const { code, stderr } = await tributary([command], { cwd: directory, environment });
      expect(stderr).toContain('This machine has no address "192.0.2.1": correct gateway.host');
      expect(stderr).not.toContain('fault of Tributary');
      expect(code).toBe(1);
    }
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
