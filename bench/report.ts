import type { Figure } from './figure.ts';

/** The figures as a table; a ratio below 1 means that Tributary has less of what the metric counts. */
export const tableOf = (figures: readonly Figure[]): string => {
  const rows = [
    ['workload', 'metric', 'tributary', 'spread', 'against', 'ratio'],
    ...figures.map(({ workload, metric, value, spread, against, ratio }) => [
      workload,
      metric,
      String(value),
      `${spread[0]} – ${spread[1]}`,
      against ?? '',
      ratio === null ? '' : String(ratio),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

/** One figure as `--json` prints it. */
export const lineOf = ({ workload, metric, value, spread, against, ratio }: Figure): string =>
  JSON.stringify({ workload, metric, value, spread, against, ratio });
