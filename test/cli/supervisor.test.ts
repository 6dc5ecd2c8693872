import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { identityOf } from '../../local/supervisor/identity.ts';
import {
  AlreadyRunningError,
  isPortFree,
  Printer,
  portOwner,
  type RestartPolicy,
  startSupervisor,
  untilReady,
} from '../../local/supervisor/index.ts';

let directory: string;
let file: string;
const started: ChildProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'supervisor-'));
  file = join(directory, 'run', 'supervisor.json');
});

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

/** Collects lines and resolves when enough of them match. */
const collector = () => {
  const output = new PassThrough({ encoding: 'utf8' });
  let text = '';
  let waiting: (() => boolean)[] = [];
  output.on('data', (chunk: string) => {
    text += chunk;
    waiting = waiting.filter((look) => !look());
  });
  const until = (pattern: RegExp, count = 1): Promise<string[]> => {
    const { promise, resolve } = Promise.withResolvers<string[]>();
    const look = (): boolean => {
      const found = text.split('\n').filter((line) => pattern.test(line));
      if (found.length >= count) resolve(found);
      return found.length >= count;
    };
    if (!look()) waiting.push(look);
    return promise;
  };
  return { output, until, text: () => text };
};

const pidsOf = (lines: readonly string[]): number[] =>
  lines.map((line) => Number(/pid (\d+)/.exec(line)?.[1]));

const startFixture = async (...flags: string[]) => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'fixture-supervise.ts'), file, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  const lines = collector();
  child.stdout.pipe(lines.output);
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const pids = pidsOf(await lines.until(/│ pid \d+/, 3));
  return { child, lines, exited, pids };
};

const living = (pids: readonly number[]): number[] => pids.filter((pid) => identityOf(pid) !== null);

const superviseHere = async (restart?: Partial<RestartPolicy>) => {
  const lines = collector();
  const printer = new Printer(lines.output, { colour: false });
  const supervisor = await startSupervisor({ file, printer, graceMs: 500, ...(restart && { restart }) });
  return { supervisor, lines };
};

describe('ending', () => {
  test('Ctrl-C ends the services in reverse order, with their children, and leaves no process', async () => {
    const { child, lines, exited, pids } = await startFixture();
    expect(living(pids)).toHaveLength(3);
    child.kill('SIGINT');
    expect(await exited).toBe(0);
    expect(living(pids)).toEqual([]);
    expect(lines.text().indexOf('stubborn stops')).toBeLessThan(lines.text().indexOf('parent stops'));
    expect(existsSync(file)).toBe(false);
  });

  test('a service that does not obey SIGTERM is killed after its grace, and that is said', async () => {
    const { child, lines, exited, pids } = await startFixture('--deaf');
    child.kill('SIGINT');
    expect(await exited).toBe(0);
    expect(living(pids)).toEqual([]);
    expect(lines.text()).toContain('stubborn   │ did not stop within 0.5 s and was killed');
  });

  test('kill -9 of the supervisor: the next start ends what it left, also the children of its children', async () => {
    const { child, exited, pids } = await startFixture('--deaf');
    child.kill('SIGKILL');
    await exited;
    expect(living(pids).length).toBeGreaterThan(0);
    const { supervisor, lines } = await superviseHere();
    expect(living(pids)).toEqual([]);
    expect(lines.text()).toContain('was left by a start that was killed; it is ended');
    supervisor.release();
  });

  test('a leftover that shares only its pid with a stranger is left alone', async () => {
    const { supervisor } = await superviseHere();
    supervisor.release();
    const left = { name: 'stranger', pid: process.pid, startTime: 'another' };
    writeFileSync(
      file,
      JSON.stringify({ supervisor: { pid: process.pid, startTime: 'another' }, services: [left] }),
    );
    const next = await superviseHere();
    expect(next.lines.text()).toBe('');
    next.supervisor.release();
  });
});

describe('one supervisor a file', () => {
  test('a second one is refused with the pid of the first', async () => {
    const { supervisor } = await superviseHere();
    const second = superviseHere();
    await expect(second).rejects.toBeInstanceOf(AlreadyRunningError);
    await expect(second).rejects.toThrow(`already running as process ${process.pid}`);
    supervisor.release();
  });

  test('a file that holds something else is replaced', async () => {
    const { supervisor } = await superviseHere();
    supervisor.release();
    writeFileSync(file, '{"supervisor": {"pid": 0}}');
    const next = await superviseHere();
    expect(readFileSync(file, 'utf8')).toContain(`"pid": ${process.pid}`);
    next.supervisor.release();
  });
});

describe('restart', () => {
  const quick = { delayMs: 5, maximumDelayMs: 20, deaths: 4, windowMs: 60_000 };

  test('a service that dies is started again with growing waits, given up after the bound, and others go on', async () => {
    const { supervisor, lines } = await superviseHere(quick);
    const steady = supervisor.start({
      name: 'steady',
      command: [process.execPath, '-e', 'setInterval(() => 0, 1000)'],
    });
    const dying = supervisor.start({
      name: 'dying',
      command: [process.execPath, '-e', 'console.log("born"); process.exit(3)'],
    });
    expect(await dying.finished).toBe('GIVEN_UP');
    expect(lines.text().match(/│ born/g)).toHaveLength(4);
    expect(lines.text().match(/starts again in [\d.]+ s/g)).toEqual([
      'starts again in 0.005 s',
      'starts again in 0.01 s',
      'starts again in 0.02 s',
    ]);
    expect(lines.text()).toContain('ended with exit code 3; 4 times within 60 s, so it is not started again');
    expect(steady.state).toBe('STARTED');
    await supervisor.stop();
    supervisor.release();
  });

  test('a program that is killed is started again and written down under its new pid', async () => {
    const { supervisor, lines } = await superviseHere(quick);
    const service = supervisor.start({
      name: 'service',
      command: [process.execPath, '-e', 'console.log("pid", process.pid); setInterval(() => 0, 1000)'],
    });
    const [first] = pidsOf(await lines.until(/pid \d+/));
    process.kill(first!, 'SIGKILL');
    const [, second] = pidsOf(await lines.until(/│ pid \d+/, 2));
    expect(service.identity?.pid).toBe(second);
    expect(readFileSync(file, 'utf8')).toContain(`"pid": ${second}`);
    await supervisor.stop();
    expect(living([first!, second!])).toEqual([]);
    supervisor.release();
  });

  test('what shall happen once happens at the first start, not after a death', async () => {
    const { supervisor, lines } = await superviseHere(quick);
    const service = supervisor.start({
      name: 'replay',
      command: [process.execPath, '-e', 'console.log("with a reset"); process.exit(1)'],
      restartCommand: [process.execPath, '-e', 'console.log("without a reset")'],
      ends: true,
    });
    expect(await service.finished).toBe('ENDED');
    expect(lines.text().match(/with(out)? a reset/g)).toEqual(['with a reset', 'without a reset']);
    supervisor.release();
  });

  test('a program whose work has an end is not started again after exit code 0', async () => {
    const { supervisor, lines } = await superviseHere(quick);
    const service = supervisor.start({ name: 'once', command: [process.execPath, '-e', '0'], ends: true });
    expect(await service.finished).toBe('ENDED');
    expect(lines.text()).toBe('');
    supervisor.release();
  });

  test('a program that does not exist is given up with its name', async () => {
    const { supervisor, lines } = await superviseHere({ ...quick, deaths: 1 });
    const service = supervisor.start({ name: 'absent', command: ['no-such-program'] });
    expect(await service.finished).toBe('GIVEN_UP');
    expect(lines.text()).toContain('could not be started: spawn no-such-program ENOENT');
    supervisor.release();
  });
});

describe('output', () => {
  test('a full output makes the child wait, and loses no line', async () => {
    const { supervisor, lines } = await superviseHere();
    lines.output.pause();
    const talker = supervisor.start({
      name: 'talker',
      command: [process.execPath, '-e', 'for (let i = 0; i < 1000; i++) console.log("x".repeat(4000), i)'],
      ends: true,
    });
    // Another process that lives a whole life is the clock: meanwhile the talker's 4 MB would long be here.
    const clock = supervisor.start({ name: 'clock', command: [process.execPath, '-e', '0'], ends: true });
    await clock.finished;
    expect(talker.state).toBe('STARTED');
    expect(lines.output.writableLength).toBeLessThan(500_000);
    lines.output.resume();
    expect(await talker.finished).toBe('ENDED');
    await lines.until(/ 999$/);
    expect(lines.text().match(/x \d+$/gm)).toHaveLength(1000);
    await supervisor.stop();
    supervisor.release();
  });
});

describe('ports and readiness', () => {
  test('a port in use is seen, with the process that holds it', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await isPortFree('127.0.0.1', port)).toBe(false);
    expect(portOwner(port)?.pid).toBe(process.pid);
    await new Promise((resolve) => server.close(resolve));
    expect(await isPortFree('127.0.0.1', port)).toBe(true);
    expect(portOwner(port)).toBeNull();
  });

  test('readiness waits through refusals and 503, tells once what it saw, and ends with its signal', async () => {
    let looks = 0;
    const server = createServer((_, response) => {
      looks += 1;
      response.writeHead(looks < 3 ? 503 : 200).end(looks < 3 ? 'views are filling' : 'ready');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/health/ready`;
    const slow: string[] = [];
    await untilReady(url, {
      signal: AbortSignal.timeout(5_000),
      intervalMs: 1,
      patienceMs: 0,
      onSlow: (answer) => slow.push(answer),
    });
    expect(looks).toBe(3);
    expect(slow).toEqual(['HTTP 503 views are filling']);
    await new Promise((resolve) => server.close(resolve));
    const controller = new AbortController();
    const waiting = untilReady(url, {
      signal: controller.signal,
      intervalMs: 1,
      patienceMs: 0,
      onSlow: () => controller.abort(new Error('enough')),
    });
    await expect(waiting).rejects.toThrow();
    expect(controller.signal.aborted).toBe(true);
  });
});
