import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scratchDirectory } from '../../support/scratch.ts';
import { Delays } from './delays.ts';
import { noFaults } from './faults.ts';
import type { ClientVerdict } from './judge.ts';
import { GrowingFile } from './lines.ts';
import { Storm } from './storm.ts';
import { summarise } from './table.ts';

const verdict = (given: Partial<ClientVerdict> = {}): ClientVerdict => ({
  declaration: {
    client: 'ws-1',
    transport: 'ws',
    operation: 'entries',
    topic: 'entries',
    stream: 'EVENTS',
    where: {},
    from: [],
    slow: false,
  },
  faults: noFaults(),
  deliveries: 10,
  connections: 2,
  errors: {},
  interrupted: 0,
  given: [],
  ...given,
});
const written = { acknowledged: 5, missing: 0 };

describe('the table of a run', () => {
  test('is good when nothing is wrong, whatever joins were late', () => {
    const { text, good } = summarise([verdict({ errors: { SUBGRAPH_TIMEOUT: 3 } })], new Delays([]), written);
    expect(good).toBe(true);
    expect(text).toMatch(/^entries ws +1 +10 +1 +0 +0 +0 +0 +0 +0 +0$/m);
    expect(text).toContain('deliveries with SUBGRAPH_TIMEOUT beside their data: 3');
  });

  test.each(['lost', 'twice', 'disordered', 'wrong', 'behind'] as const)(
    'is bad with one that is %s',
    (kind) => {
      const { text, good } = summarise(
        [verdict(), verdict({ faults: { ...noFaults(), [kind]: 1 } })],
        new Delays([]),
        written,
      );
      expect(good).toBe(false);
      expect(text).toContain(`WRONG ws-1 entries {}: ${kind} 1`);
    },
  );

  test('is bad with a client that gave up, with an acknowledged record that is gone, and without clients', () => {
    const delays = new Delays([]);
    expect(summarise([verdict({ given: ['CURSOR_EXPIRED: gone'] })], delays, written).good).toBe(false);
    expect(summarise([verdict()], delays, { acknowledged: 5, missing: 1 }).good).toBe(false);
    expect(summarise([], delays, written).good).toBe(false);
  });

  test('has each kind of fault with its worst delay, counted for the last that began before', () => {
    const delays = new Delays([
      { fault: 'leader killed', target: 'broker 2', at: 5_000, until: 9_000 },
      { fault: 'gateway killed', target: 'gateway-1', at: 3_000, until: 3_500 },
    ]);
    const record = { partition: 0, offset: 0, key: 'A', value: null };
    const client = delays.watch('ws-7');
    client.connected?.(900);
    client.delivered({ ...record, writtenAt: 100 }, 2_000);
    client.delivered({ ...record, writtenAt: 1_000 }, 2_100);
    client.connected?.(4_000);
    client.delivered({ ...record, writtenAt: 2_900 }, 4_900);
    client.delivered({ ...record, writtenAt: 2_900 }, 6_200);
    const { text } = summarise([verdict()], delays, written);
    expect(text).toMatch(/^gateway killed +1 +0\.5 s +2\.0 s +ws-7 0\/0$/m);
    expect(text).toMatch(/^leader killed +1 +4\.0 s +3\.3 s +ws-7 0\/0$/m);
    expect(text).toMatch(/^all +2 *$/m);
    expect(text).toContain('before the first fault: 1.1 s');
  });
});

test('after a storm a client is up to date with the last record that it missed, or by coming back', () => {
  const storm = new Storm(10_000);
  const record = { partition: 0, offset: 0, key: 'A', value: null };
  const [missed, quiet, gone] = [storm.watch(), storm.watch(), storm.watch()];
  for (const each of [missed, quiet, gone]) each.connected?.(1_000);
  missed.delivered({ ...record, writtenAt: 9_000 }, 9_500);
  missed.connected?.(10_400);
  missed.delivered({ ...record, writtenAt: 10_100 }, 10_700);
  missed.delivered({ ...record, writtenAt: 10_300 }, 10_900);
  missed.delivered({ ...record, writtenAt: 15_000 }, 15_100);
  quiet.connected?.(10_300);
  expect(storm.summary()).toBe(
    'storm: 2 of 3 clients came back, half of them within 0.4 s, the last after 0.4 s\n' +
      'they had all that they missed, half of them within 0.9 s, the last after 0.9 s',
  );
});

test('a file that grows gives each line once, and none before its end is there', async () => {
  const path = join(await scratchDirectory(), 'log.jsonl');
  const lines: number[] = [];
  const file = new GrowingFile<number>(path);
  const read = async (): Promise<number[]> => {
    await file.read((line) => lines.push(line));
    return lines;
  };
  expect(await read()).toEqual([]);
  await writeFile(path, '1\n2');
  expect(await read()).toEqual([1]);
  await appendFile(path, '3\n4\n');
  expect(await read()).toEqual([1, 23, 4]);
  expect(await read()).toEqual([1, 23, 4]);
});
