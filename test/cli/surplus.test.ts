import { describe, expect, test } from 'vitest';
import { surplusOf } from '../../cli/workers/surplus.ts';

describe('clients that a worker sends away', () => {
  test.each([
    ['even', [500, 500], [0, 0]],
    ['nearly even', [600, 400], [0, 0]],
    ['few', [100, 0], [0, 0]],
    ['all with one', [1_000, 0], [500, 0]],
    ['one is empty', [4_000, 4_000, 4_000, 0], [1_000, 1_000, 1_000, 0]],
    ['as four are left by restarts one after the other', [900, 600, 300, 0], [450, 0, 0, 0]],
    ['none', [0, 0], [0, 0]],
  ])('%s: %j makes %j', (_, clients, surplus) => expect(surplusOf(clients)).toEqual(surplus));
});
