import type { RecordField, RecordFieldType, TopicDescription } from '../../../schema/description.ts';
import { TributaryError } from '../../../schema/errors.ts';
import type { Row } from '../records.ts';
import type { RecordFormat } from './format.ts';
import { jsonFormat } from './format-json.ts';
import { keyText, recordKey } from './record-key.ts';
import { misfit } from './scalars.ts';
import { compileValue, isObject } from './value-reader.ts';

export interface EncodedRecord {
  readonly key: string | null;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

type Encoder = (row: Row) => EncodedRecord;

const encoders = new WeakMap<TopicDescription, Encoder>();

/**
 * The record that decodes to the row. Offset, partition and timestamp are Kafka's to give. Throws RECORD_REFUSED, with all
 * fields that do not fit: what is written must be readable.
 */
export const encodeRow = (topic: TopicDescription, row: Row): EncodedRecord => {
  let encode = encoders.get(topic);
  if (encode === undefined) {
    encode = compileEncoder(topic, jsonFormat);
    encoders.set(topic, encode);
  }
  return encode(row);
};

const compileEncoder = (topic: TopicDescription, format: RecordFormat): Encoder => {
  const given = topic.fields.filter(
    ({ source }) => !['offset', 'partition', 'timestamp'].includes(source.kind),
  );
  const fields = given.map((field) => ({ field, read: compileValue(asRow(field.type), field.name) }));
  return (row) => {
    const value: Record<string, unknown> = {};
    const headers: Record<string, string> = {};
    const fitted: Record<string, unknown> = {};
    const misfits: string[] = [];
    for (const { field, read } of fields) {
      const held = read(row[field.name], misfits);
      if (held === misfit) misfits.push(field.name);
      else if (row[field.name] !== undefined) fitted[field.name] = held;
    }
    if (misfits.length > 0) throw refused(topic, misfits);
    for (const { field } of fields) place(field, fitted[field.name], value, headers);
    return { key: keyOf(topic, fitted), value: format.encode(value), headers };
  };
};

const place = (
  { source, type }: RecordField,
  fitted: unknown,
  value: Record<string, unknown>,
  headers: Record<string, string>,
): void => {
  if (fitted === undefined) return;
  if (source.kind === 'header' && fitted !== null) headers[source.header] = keyText(fitted);
  if (source.kind === 'value') setAt(value, source.path, asRecord(type, fitted));
};

/** The type of what a row holds: its members bear the names of the fields, not those of the record. */
const asRow = (type: RecordFieldType): RecordFieldType => {
  if (type.kind === 'list') return { ...type, item: asRow(type.item) };
  if (type.kind !== 'object') return type;
  const fields = type.fields.map(
    (field): RecordField => ({
      name: field.name,
      source: { kind: 'value', path: [field.name] },
      type: asRow(field.type),
    }),
  );
  return { ...type, fields };
};

/** A value of a row as the record holds it. */
const asRecord = (type: RecordFieldType, fitted: unknown): unknown => {
  if (type.kind === 'list' && Array.isArray(fitted)) return fitted.map((item) => asRecord(type.item, item));
  if (type.kind !== 'object' || !isObject(fitted)) return fitted;
  const held: Record<string, unknown> = {};
  for (const { name, source, type: inner } of type.fields) {
    if (source.kind === 'value') setAt(held, source.path, asRecord(inner, fitted[name]));
  }
  return held;
};

const setAt = (target: Record<string, unknown>, path: readonly string[], held: unknown): void => {
  let at = target;
  for (const name of path.slice(0, -1)) {
    const inner = at[name];
    if (isObject(inner)) at = inner as Record<string, unknown>;
    else {
      const made: Record<string, unknown> = {};
      at[name] = made;
      at = made;
    }
  }
  const last = path.at(-1);
  if (last !== undefined) at[last] = held;
};

const keyOf = (topic: TopicDescription, fitted: Row): string | null => {
  const whole = topic.fields.find(({ name, source }) => source.kind === 'key' && !topic.key.includes(name));
  if (topic.key.length === 0) {
    const held = whole === undefined ? undefined : fitted[whole.name];
    return held === undefined || held === null ? null : keyText(held);
  }
  const values = topic.key.map((name) => fitted[name]);
  const missing = topic.key.filter((_, index) => values[index] === undefined || values[index] === null);
  if (missing.length === 0) return recordKey(values);
  if (topic.cleanup === 'DELETE') return null;
  throw refused(topic, missing);
};

const refused = (topic: TopicDescription, fields: readonly string[]): TributaryError => {
  const names = fields.map((field) => `${topic.type}.${field}`).join(', ');
  return new TributaryError(
    'RECORD_REFUSED',
    `Nothing was written to ${topic.name}: no value that fits was given for ${names}.`,
  );
};
