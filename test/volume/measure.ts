/** One line of the table. */
export interface Measure {
  readonly name: string;
  readonly value: number;
  readonly unit: '' | 's' | 'ms' | 'MB' | 'rows/s' | '×';
  /** What it may be at most; null: only told. */
  readonly most: number | null;
}

export const holds = ({ value, most }: Measure): boolean => most === null || value <= most;

export const told = (name: string, value: number, unit: Measure['unit'] = ''): Measure => ({
  name,
  value,
  unit,
  most: null,
});

export const bounded = (name: string, value: number, unit: Measure['unit'], most: number): Measure => ({
  name,
  value,
  unit,
  most,
});

const text = (value: number, unit: Measure['unit']): string =>
  `${value.toLocaleString('en', { maximumFractionDigits: unit === '' ? 0 : 1 })}${unit === '' ? '' : ` ${unit}`}`;

/** The table, with an aligned column for the value, the bound and the verdict. */
export const table = (measures: readonly Measure[]): string => {
  const width = Math.max(...measures.map(({ name }) => name.length));
  return measures
    .map((measure) => {
      const { name, value, unit, most } = measure;
      const bound =
        most === null ? '' : `at most ${text(most, unit)}${holds(measure) ? '' : '   DOES NOT HOLD'}`;
      return `${name.padEnd(width)}  ${text(value, unit).padStart(14)}  ${bound}`.trimEnd();
    })
    .join('\n');
};
