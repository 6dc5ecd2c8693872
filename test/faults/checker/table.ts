import type { Delays } from './delays.ts';
import type { Faults } from './faults.ts';
import type { ClientVerdict } from './judge.ts';

const kinds: readonly (keyof Faults)[] = ['lost', 'twice', 'disordered', 'wrong', 'behind'];

export interface Summary {
  readonly text: string;
  /** Nothing is wrong with any client, and no acknowledged record is missing. */
  readonly good: boolean;
}

/** The table of a run. `unwritten`: records that Kafka acknowledged and does not have. */
export function summarise(
  verdicts: readonly ClientVerdict[],
  delays: Delays,
  written: { readonly acknowledged: number; readonly missing: number },
): Summary {
  const groups = Map.groupBy(
    verdicts,
    ({ declaration }) => `${declaration.operation} ${declaration.transport}`,
  );
  const rows = [...groups].map(([name, members]) => row(name, members));
  const bad = verdicts.filter(isBad);
  const lines = [
    ...grid([heading, ...rows, row('all', verdicts)]),
    '',
    ...faultLines(delays),
    '',
    ...errorLines(verdicts),
    `acknowledged records ${written.acknowledged}, of them not in the topics ${written.missing}`,
    ...bad.slice(0, 20).map(describe),
    ...(bad.length > 20 ? [`and ${bad.length - 20} further clients`] : []),
  ];
  return { text: lines.join('\n'), good: bad.length === 0 && written.missing === 0 && verdicts.length > 0 };
}

const heading = ['stream', 'clients', 'deliveries', 'reconnects', 'interrupted', ...kinds, 'gave up'];

const sum = (verdicts: readonly ClientVerdict[], pick: (verdict: ClientVerdict) => number): number =>
  verdicts.reduce((total, verdict) => total + pick(verdict), 0);

const row = (name: string, verdicts: readonly ClientVerdict[]): string[] => [
  name,
  String(verdicts.length),
  String(sum(verdicts, ({ deliveries }) => deliveries)),
  String(sum(verdicts, ({ connections }) => Math.max(0, connections - 1))),
  String(sum(verdicts, ({ interrupted }) => interrupted)),
  ...kinds.map((kind) => String(sum(verdicts, ({ faults }) => faults[kind]))),
  String(sum(verdicts, ({ given }) => given.length)),
];

/** Columns padded to their widest cell, numbers to the right. */
const grid = (rows: readonly (readonly string[])[]): string[] => {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  return rows.map((cells) =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
};

const faultLines = (delays: Delays): string[] => {
  const groups = Map.groupBy(delays.byFault(), ({ fault }) => fault);
  const rows = [...groups].map(([fault, each]) => {
    const worst = each.map((one) => one.worst).reduce((a, b) => (a.delay < b.delay ? b : a));
    return [
      fault,
      String(each.length),
      seconds(Math.max(...each.map(({ at, until }) => until - at))),
      seconds(worst.delay),
      `${worst.client} ${worst.place}`,
    ];
  });
  const total = [...groups.values()].reduce((count, each) => count + each.length, 0);
  return [
    ...grid([
      ['fault', 'times', 'longest', 'worst delay after it', 'of'],
      ...rows,
      ['all', String(total), '', '', ''],
    ]),
    `worst delay before the first fault: ${seconds(delays.worstBefore.delay)}`,
  ];
};

/** Errors beside data are no fault: a join that cannot be had is null and says so (S17). */
const errorLines = (verdicts: readonly ClientVerdict[]): string[] => {
  const codes = [...new Set(verdicts.flatMap(({ errors }) => Object.keys(errors)))].sort();
  return codes.map(
    (code) =>
      `deliveries with ${code} beside their data: ${sum(verdicts, ({ errors }) => errors[code] ?? 0)}`,
  );
};

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const isBad = ({ faults, given }: ClientVerdict): boolean =>
  given.length > 0 || kinds.some((kind) => faults[kind] > 0);

const describe = ({ declaration, faults, given }: ClientVerdict): string => {
  const found = kinds.filter((kind) => faults[kind] > 0).map((kind) => `${kind} ${faults[kind]}`);
  const ends = given.length === 0 ? [] : [`gave up: ${given[0]}`];
  return `WRONG ${declaration.client} ${declaration.operation} ${JSON.stringify(declaration.where)}: ${[...found, ...ends].join(', ')}`;
};
