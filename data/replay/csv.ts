/** A line of the file by column name. */
export type CsvRow = Readonly<Record<string, string>>;

/**
 * Reads a plain CSV file: a header, commas, no quotes. The data set has no quoted field; one that appears is refused
 * rather than cut at its commas. Throws with file and line for that and for a line with another number of fields.
 */
export const parseCsv = (text: string, file: string): readonly CsvRow[] => {
  const [header, ...lines] = text.trimEnd().split(/\r?\n/);
  const columns = (header ?? '').split(',');
  return lines.map((line, index) => {
    const place = `${file}:${index + 2}`;
    if (line.includes('"')) throw new Error(`${place}: quoted fields are not supported.`);
    const fields = line.split(',');
    if (fields.length !== columns.length) {
      throw new Error(`${place}: ${fields.length} fields, but the header names ${columns.length}.`);
    }
    return Object.fromEntries(columns.map((column, position) => [column, fields[position] ?? '']));
  });
};

/** The text of a column; null for NA. Throws when the file has no such column. */
export const textOf = (row: CsvRow, column: string): string | null => {
  const value = row[column];
  if (value === undefined)
    throw new Error(`Column ${column} is missing; there are ${Object.keys(row).join(', ')}.`);
  return value === 'NA' || value === '' ? null : value;
};

/** The number in a column; null for NA. Throws for anything else that is no number. */
export const numberOf = (row: CsvRow, column: string): number | null => {
  const text = textOf(row, column);
  if (text === null) return null;
  const number = Number(text);
  if (!Number.isFinite(number)) throw new Error(`Column ${column}: "${text}" is no number.`);
  return number;
};

/** For columns that are never NA. */
export const required = <T>(value: T | null, column: string): T => {
  if (value === null) throw new Error(`Column ${column} is NA where a value is needed.`);
  return value;
};
