import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { query } from './clients.ts';
import { System } from './system.ts';

const root = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

/** The README's own lines: the block behind `<!-- test: own-subgraph NAME -->`. */
const block = async (name: string): Promise<string> => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const start = readme.indexOf(`<!-- test: own-subgraph ${name} -->`);
  const [, text] = start === -1 ? [] : (/```\w+\n([\s\S]*?)```/.exec(readme.slice(start)) ?? []);
  if (text === undefined) throw new Error(`README.md has no block "own-subgraph ${name}"`);
  return text;
};

let directory: string;
let system: System;
let tail: ReturnType<typeof follow> | undefined;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tributary-own-'));
  await mkdir(join(directory, 'gates'));
  await writeFile(join(directory, 'gates', 'gates.graphql'), await block('file=gates/gates.graphql'));
  system = await System.create({ replay: true, directory, subgraphs: { gates: join(directory, 'gates') } });
  await system.start();
});

afterAll(async () => {
  tail?.end();
  await system?.dispose();
  await rm(directory, { recursive: true, force: true });
});

/** A command of the README, with the ports of this system in place of the default ones. */
const command = (text: string): string =>
  text.replaceAll('127.0.0.1:4000', `127.0.0.1:${system.ports.gateway}`);

test('a subgraph of one’s own, from nothing, by the README’s lines', async () => {
  const sdl = await block('file=gates/gates.graphql');
  expect(sdl.trim().split('\n').length).toBeLessThan(30);
  // The line that the README adds to tributary.yaml is what the system was started with, but for folder and port.
  const line = (await block('append=tributary.yaml')).trimEnd();
  expect(line).toMatch(/^ {2}gates: \{ dir: gates, port: \d+ \}$/);
  expect(await block('start')).toBe('npm start\n');

  const following = follow(
    `${(await block('subscribe')).trim()} --json --url ws://127.0.0.1:${system.ports.gateway}/graphql`,
  );
  tail = following;
  await following.until((event) => event.kind === 'UP_TO_DATE');
  // The README takes a flight of the board: once the week has announced it, it is there.
  await expect
    .poll(async () => (await query(system.url, '{ flight(id: "HA-51-JFK-20130204") { id } }')).data, {
      timeout: 60_000,
    })
    .toEqual({ flight: { id: 'HA-51-JFK-20130204' } });
  const produced = JSON.parse((await run('sh', ['-c', command(await block('produce'))])).stdout);
  expect(produced.data).toEqual({ setGate: { id: 'B22' } });
  const change = await following.until((event) => event.key === 'B22');
  expect(change).toMatchObject({
    kind: 'UPSERT',
    gate: { isOpen: true, flight: { status: expect.any(String), destination: { name: 'Honolulu Intl' } } },
  });
  const asked = JSON.parse((await run('sh', ['-c', command(await block('query'))])).stdout);
  expect(asked.data).toMatchObject({
    gate: { isOpen: true, flight: { id: 'HA-51-JFK-20130204', destination: { name: 'Honolulu Intl' } } },
  });

  const producer = await system.producer();
  await producer.send({ topic: 'gates.gates', messages: [{ key: 'B22', value: null }] });
  await producer.disconnect();
  expect(await following.until((event) => event.kind === 'DELETE')).toMatchObject({ key: 'B22', gate: null });
});

interface GateChange {
  readonly kind: string;
  readonly key: string | null;
  readonly gate: unknown;
}

/** Runs `tributary tail` as the README says and reads its events. */
const follow = (text: string) => {
  const child: ChildProcess = spawn('sh', ['-c', `exec ${text}`], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const events: GateChange[] = [];
  const waiting = new Set<() => void>();
  if (child.stdout === null) throw new Error('no output');
  createInterface({ input: child.stdout }).on('line', (line) => {
    events.push((JSON.parse(line) as { data: { gateChanges: GateChange } }).data.gateChanges);
    for (const check of waiting) check();
  });
  return {
    until: (meets: (event: GateChange) => boolean): Promise<GateChange> => {
      const { promise, resolve } = Promise.withResolvers<GateChange>();
      const check = (): void => {
        const found = events.find(meets);
        if (found === undefined) return;
        waiting.delete(check);
        resolve(found);
      };
      waiting.add(check);
      check();
      return promise;
    },
    end: () => process.kill(-(child.pid ?? 0), 'SIGINT'),
  };
};
