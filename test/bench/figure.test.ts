import { expect, test } from 'vitest';
import { figuresOf, median, percentile } from '../../bench/figure.ts';
import { lineOf, tableOf } from '../../bench/report.ts';

const run = (own: number, peer: number) => [
  { metric: 'cpu', subject: 'tributary', value: own },
  { metric: 'cpu', subject: 'peer', value: peer },
];

test('a figure is the median of the runs, its ratio that of what was measured side by side', () => {
  const [figure] = figuresOf('fanout', [run(2, 4), run(10, 10), run(4, 40)]);
  expect(figure).toEqual({
    workload: 'fanout',
    metric: 'cpu',
    value: 4,
    spread: [2, 10],
    against: 'peer',
    ratio: 0.5,
  });
});

test('a metric without a peer has no ratio; a peer without a metric of ours is not told', () => {
  expect(
    figuresOf('startup', [
      [
        { metric: 'seconds', subject: 'tributary', value: 1.23456 },
        { metric: 'other', subject: 'peer', value: 1 },
      ],
    ]),
  ).toEqual([
    { workload: 'startup', metric: 'seconds', value: 1.23, spread: [1.23, 1.23], against: null, ratio: null },
  ]);
});

test('as a line and as a table', () => {
  const figures = figuresOf('fanout', [run(2, 4)]);
  expect(figures.map(lineOf)).toEqual([
    '{"workload":"fanout","metric":"cpu","value":2,"spread":[2,2],"against":"peer","ratio":0.5}',
  ]);
  expect(tableOf(figures).split('\n')[1]).toMatch(/^fanout +cpu +2 +2 – 2 +peer +0\.5$/);
});

test('median and percentile', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(percentile([5, 1, 4, 2, 3], 0.5)).toBe(3);
  expect(percentile([1, 2], 0.99)).toBe(2);
});
