import { describe, expect, test } from 'vitest';
import { ProgressPace } from '../../../gateway/transports/websocket/progress-pace.ts';

/** At which of the times that it was due something was told; `moves` says whether there was anything. */
const toldAt = (times: number, moves: (time: number) => boolean): number[] => {
  const pace = new ProgressPace();
  const told: number[] = [];
  for (let time = 0; time < times; time++) {
    pace.due(() => {
      if (moves(time)) told.push(time);
      return moves(time);
    });
  }
  return told;
};

describe('the pace of progress', () => {
  test('S10 a cursor that moves all the time is told at once, and then down to every fourth time', () => {
    expect(toldAt(20, () => true)).toEqual([0, 2, 6, 10, 14, 18]);
  });

  test('S10 the first step behind a rest is told at once', () => {
    expect(toldAt(12, (time) => time === 3)).toEqual([3]);
    expect(toldAt(40, (time) => time < 20 || time > 30)).toEqual([0, 2, 6, 10, 14, 18, 31, 33, 37]);
  });
});
