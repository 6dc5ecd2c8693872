import cluster, { type Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FromPrimary, FromWorker } from '../../cli/workers/messages.ts';
import { Workers } from '../../cli/workers/workers.ts';

interface Settings {
  readonly name: string;
}

/** The command's side of a process that a test plays. */
class Played extends EventEmitter {
  readonly heard: FromPrimary<Settings>[] = [];
  readonly process = Object.assign(new EventEmitter(), {
    pid: 4_000_000 + played.length,
    send: () => true,
    kill: () => this.end(null, 'SIGKILL'),
  });

  send(message: FromPrimary<Settings>): void {
    this.heard.push(message);
  }

  isConnected(): boolean {
    return true;
  }

  say(...messages: readonly FromWorker[]): void {
    for (const message of messages) this.emit('message', message);
  }

  serve(): void {
    this.say({ kind: 'HELLO' }, { kind: 'LISTENS', url: 'http://127.0.0.1:1/graphql' }, { kind: 'READY' });
  }

  end(code: number | null, signal: string | null): void {
    this.emit('exit', code, signal);
  }

  get settings(): Settings | undefined {
    const setup = this.heard.find((message) => message.kind === 'SETUP');
    return setup?.setup.settings;
  }

  get sentAway(): readonly number[] {
    return this.heard.flatMap((message) => (message.kind === 'SHED' ? [message.clients] : []));
  }
}

let played: Played[] = [];
let lines: string[] = [];
const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line).msg) });

beforeEach(() => {
  vi.useFakeTimers();
  played = [];
  lines = [];
  vi.spyOn(cluster, 'fork').mockImplementation(() => {
    const worker = new Played();
    played.push(worker);
    return worker as unknown as Worker;
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const open = (count = 2) => new Workers<Settings>({ count, settings: { name: 'first' }, stopMs: 5_000, log });

/** All serve. */
const serving = (count = 2) => {
  const workers = open(count);
  for (let index = 0; index < count; index += 1) played[index]?.serve();
  return workers;
};

/** Ten seconds pass, in which these say that they live and have so many clients. */
const tenSeconds = async (...alive: readonly (readonly [Played | undefined, number])[]): Promise<void> => {
  await vi.advanceTimersByTimeAsync(9_000);
  for (const [worker, clients] of alive) worker?.say({ kind: 'ALIVE', clients });
  await vi.advanceTimersByTimeAsync(1_000);
};

describe('the processes of a command with workers', () => {
  test('the others are started once, though the first dies and listens again before any of them listens', async () => {
    open();
    played[0]?.serve();
    expect(played).toHaveLength(2);
    played[0]?.end(null, 'SIGKILL');
    await vi.advanceTimersByTimeAsync(250);
    played[2]?.serve();
    expect(played).toHaveLength(3);
  });

  test('an error of the channel of a worker that ends does not end the command', async () => {
    const workers = serving();
    const stopped = workers.stop();
    played[0]?.emit('error', new Error('write EPIPE'));
    for (const worker of played) worker.end(0, null);
    await expect(stopped).resolves.toBeUndefined();
  });

  test('a process that Node throws for is tried again', async () => {
    serving();
    vi.mocked(cluster.fork).mockImplementationOnce(() => {
      throw new Error('spawn ENOMEM');
    });
    played[1]?.end(null, 'SIGKILL');
    await vi.advanceTimersByTimeAsync(250);
    expect(lines.at(-1)).toBe(
      'worker 2 could not be started: spawn ENOMEM; another takes its place in 0.5 s',
    );
    await vi.advanceTimersByTimeAsync(500);
    expect(played).toHaveLength(3);
  });

  test('a worker that gives no sign of life for a minute is killed and replaced; one that is slow to begin is not', async () => {
    serving();
    for (let looks = 0; looks < 6; looks += 1) await tenSeconds([played[0], 0]);
    expect(lines.join()).not.toContain('hangs');
    await tenSeconds([played[0], 0]);
    expect(lines).toContain('worker 2 hangs: it gave no sign of life for a minute, and is killed');
    await vi.advanceTimersByTimeAsync(250);
    expect(played).toHaveLength(3);
    for (let looks = 0; looks < 5; looks += 1) await tenSeconds([played[0], 0]);
    played[2]?.serve();
    for (let looks = 0; looks < 10; looks += 1) await tenSeconds([played[0], 0], [played[2], 0]);
    expect(played).toHaveLength(3);
  });

  test('settings with which a worker does not start are given up, and the others stay as they are', async () => {
    const workers = serving();
    const renewed = workers.renew({ name: 'second' });
    played[0]?.end(0, null);
    await vi.advanceTimersByTimeAsync(0);
    played[2]?.say({ kind: 'HELLO' });
    expect(played[2]?.settings).toEqual({ name: 'second' });
    played[2]?.end(1, null);
    await vi.advanceTimersByTimeAsync(250);
    played[3]?.serve();
    await renewed;
    expect(played[3]?.settings).toEqual({ name: 'first' });
    expect(played[1]?.heard).not.toContainEqual({ kind: 'STOP' });
    expect(lines.join('\n')).toContain('worker 1 does not start with the settings as they are now');
    expect(lines.join('\n')).not.toContain('was started again');
  });

  test('told to start again while it ends, the command only ends', async () => {
    const workers = serving();
    const stopped = workers.stop();
    await workers.renew({ name: 'second' });
    for (const worker of played) worker.end(0, null);
    await stopped;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(played).toHaveLength(2);
  });

  test('a worker that ends while it is started again leaves the end of the command no process', async () => {
    const workers = serving();
    void workers.renew({ name: 'second' });
    const stopped = workers.stop();
    for (const worker of played) worker.end(0, null);
    await stopped;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(played).toHaveLength(2);
  });
});

describe('clients of workers are kept even', () => {
  test('nobody is sent away while a worker hangs, which would take none of them', async () => {
    serving();
    await tenSeconds([played[0], 0], [played[1], 0]);
    for (let looks = 0; looks < 3; looks += 1) await tenSeconds([played[0], 1_000]);
    expect(played[0]?.sentAway).toEqual([]);
    await tenSeconds([played[0], 1_000], [played[1], 0]);
    expect(played[0]?.sentAway).toEqual([500]);
  });

  test('what is of no use is done ever more rarely', async () => {
    serving();
    // An hour.
    for (let looks = 0; looks < 360; looks += 1) await tenSeconds([played[0], 1_000], [played[1], 0]);
    expect(played[0]?.sentAway.length).toBeGreaterThan(5);
    expect(played[0]?.sentAway.length).toBeLessThan(12);
  });
});
