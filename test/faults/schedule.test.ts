import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { scratchDirectory } from '../support/scratch.ts';
import type { FaultLine } from './checker/format.ts';
import type { Fault } from './faults.ts';
import { Random } from './random.ts';
import { Schedule } from './schedule.ts';

beforeEach(() => {
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
});

const fault = (name: string, given: Partial<Fault> = {}): Fault => ({
  name,
  targets: [],
  breaks: 'ALL',
  carryOut: async (target) => target,
  ...given,
});

const never = new AbortController().signal;

/** The names of the faults as they began. */
const carriedOut = async (faults: readonly Fault[], seed: number): Promise<string[]> => {
  const log = join(await scratchDirectory(), 'faults.jsonl');
  const begun: string[] = [];
  const told = faults.map((each) => ({
    ...each,
    carryOut: (...given: Parameters<Fault['carryOut']>) => {
      begun.push(each.name);
      return each.carryOut(...given);
    },
  }));
  const random = new Random(seed);
  const schedule = new Schedule({ faults: told, random, log, every: [1, 2], since: Date.now() });
  await schedule.run(60_000, true, never);
  const lines = (await readFile(log, 'utf8')).trim().split('\n');
  const logged = lines.map((line) => (JSON.parse(line) as FaultLine).fault);
  expect(logged.toSorted()).toEqual(begun.toSorted());
  return begun;
};

describe('a schedule of faults', () => {
  test('has each kind once, in an order that the seed decides', async () => {
    const faults = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => fault(name));
    const first = await carriedOut(faults, 7);
    expect([...first].sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(await carriedOut(faults, 7)).toEqual(first);
    expect(await carriedOut(faults, 8)).not.toEqual(first);
  });

  test('breaks nothing that is broken: one of two takes the other, all of them waits', async () => {
    const broken: string[] = [];
    const ends = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const one = (end: Promise<void>) =>
      fault('one', {
        targets: ['x', 'y'],
        breaks: 'ONE',
        carryOut: async (target) => {
          broken.push(target);
          if (broken.length === 2) for (const { resolve } of ends) resolve();
          await end;
          return target;
        },
      });
    const both = fault('both', {
      targets: ['x', 'y'],
      carryOut: async () => {
        broken.push('both');
        return 'both';
      },
    });
    const faults = [one(ends[0]!.promise), one(ends[1]!.promise), both];
    // Whichever comes first, two single ones never share a process, and both come only alone.
    await carriedOut(faults, 3);
    const singles = broken.filter((each) => each !== 'both');
    expect([...singles].sort()).toEqual(['x', 'y']);
    expect(['0', '2']).toContain(String(broken.indexOf('both')));
  });

  test('ends with the error of a fault after which something does not stand again', async () => {
    const failing = fault('failing', { carryOut: () => Promise.reject(new Error('it does not start')) });
    await expect(carriedOut([failing], 1)).rejects.toThrow('it does not start');
  });
});

test('numbers of a seed are the same, spread evenly, and within their bounds', () => {
  const numbers = (seed: number): number[] => {
    const random = new Random(seed);
    return Array.from({ length: 1_000 }, () => random.below(10));
  };
  expect(numbers(1)).toEqual(numbers(1));
  expect(numbers(1)).not.toEqual(numbers(2));
  for (let digit = 0; digit < 10; digit += 1) {
    const times = numbers(5).filter((each) => each === digit).length;
    expect(times).toBeGreaterThan(60);
    expect(times).toBeLessThan(140);
  }
});
