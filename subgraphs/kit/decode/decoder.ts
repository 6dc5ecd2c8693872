import type { RecordField, TopicDescription } from '../../../schema/description.ts';
import type { DecodedRecord, RawRecord, RecordState, Row } from '../records.ts';
import { FormatError, type RecordFormat } from './format.ts';
import { jsonFormat } from './format-json.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { keyParts, keyText, recordKey } from './record-key.ts';
import { misfit } from './scalars.ts';
import { textOfBytes } from './text.ts';
import { compilePath, compileText, compileValue, isObject } from './value-reader.ts';

export interface DecodedResult {
  readonly record: DecodedRecord;
  /** Paths of nullable fields whose value did not fit and is null now (S23): to be counted. */
  readonly misfits: readonly string[];
  /** Why the record is UNREADABLE, else null: a short code (`NOT_JSON`, `FIELD_MISFIT`, `KEY_MISMATCH`, …). */
  readonly reason: string | null;
  /** The same in words, with the field; holds no value of the record. */
  readonly message: string | null;
}

export type Decoder = (record: RawRecord, partition: number) => DecodedResult;

/** What the fields of one record are read from. */
interface Parts {
  readonly value: unknown;
  /** Texts of the key fields, null where the record key does not hold them. */
  readonly keyFields: readonly string[] | null;
  readonly keyText: string | null;
  readonly record: RawRecord;
  readonly partition: number;
}

interface FieldReader {
  readonly name: string;
  readonly read: (parts: Parts, misfits: string[]) => unknown;
}

class Unreadable extends Error {
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

const noMisfits: readonly string[] = [];

/** Compiles how records of a topic are read. The decoder never throws: what it cannot read is UNREADABLE, with a reason. */
export const createDecoder = (topic: TopicDescription, format: RecordFormat = jsonFormat): Decoder => {
  const readKey = compileKey(topic);
  const readRow = compileRow(topic, format);
  return (record, partition) => {
    const misfits: string[] = [];
    let key: string | null = null;
    try {
      const found = readKey(record);
      key = found.key;
      if (record.value === null) return result(record, partition, key, 'TOMBSTONE', null, noMisfits);
      const row = readRow(record, record.value, partition, found, misfits);
      const read = result(record, partition, key, 'ROW', row, misfits);
      const idempotencyKey = record.headers.length === 0 ? undefined : idempotencyKeyOf(record);
      return idempotencyKey === undefined ? read : { ...read, record: { ...read.record, idempotencyKey } };
    } catch (error) {
      if (!(error instanceof Unreadable || error instanceof FormatError)) throw error;
      const { reason, message } = error;
      return { ...result(record, partition, key, 'UNREADABLE', null, noMisfits), reason, message };
    }
  };
};

const result = (
  record: RawRecord,
  partition: number,
  key: string | null,
  state: RecordState,
  row: Row | null,
  misfits: readonly string[],
): DecodedResult => ({
  record: {
    partition,
    offset: record.offset,
    timestamp: record.timestamp,
    key,
    state,
    row,
    bytes: sizeOf(record),
  },
  misfits,
  reason: null,
  message: null,
});

const sizeOf = ({ key, value, headers }: RawRecord): number => {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, content] of headers) bytes += (name?.length ?? 0) + (content?.length ?? 0);
  return bytes;
};

interface FoundKey {
  readonly key: string | null;
  readonly fields: readonly string[] | null;
}

/** On COMPACT topics the key is what a row is found by, so it must be there and be readable; elsewhere it may be anything. */
const compileKey = ({ key: fields, cleanup, name }: TopicDescription): ((record: RawRecord) => FoundKey) => {
  const isRequired = cleanup === 'COMPACT';
  const fail = (reason: string, message: string): FoundKey => {
    if (isRequired) throw new Unreadable(reason, message);
    return { key: null, fields: null };
  };
  return ({ key }) => {
    if (key === null) return fail('KEY_MISSING', `Topic ${name} is compacted, and the record has no key.`);
    const text = textOfBytes(key);
    if (text === null) return fail('KEY_UNREADABLE', 'The record key is not UTF-8.');
    if (fields.length === 0) return { key: text, fields: null };
    const parts = keyParts(text, fields.length);
    if (parts !== null) return { key: recordKey(parts), fields: parts };
    if (!isRequired) return { key: text, fields: null };
    return fail('KEY_UNREADABLE', `The record key is no JSON array of ${fields.join(', ')}.`);
  };
};

const compileRow = (topic: TopicDescription, format: RecordFormat) => {
  const readers = topic.fields.map((field) => compileField(topic, field));
  const needsValue = topic.fields.some(({ source }) => source.kind === 'value');
  return (
    record: RawRecord,
    bytes: Buffer,
    partition: number,
    { key, fields }: FoundKey,
    misfits: string[],
  ): Row => {
    const value = needsValue ? format.decode(bytes) : null;
    if (needsValue && !isObject(value)) {
      throw new Unreadable('NOT_AN_OBJECT', `The value is no object, so it has no fields of ${topic.type}.`);
    }
    const parts = { value, keyFields: fields, keyText: key, record, partition };
    const row: Record<string, unknown> = {};
    for (const { name, read } of readers) {
      const fitted = read(parts, misfits);
      if (fitted === misfit) {
        throw new Unreadable('FIELD_MISFIT', `The value of ${topic.type}.${name} does not fit its type.`);
      }
      row[name] = fitted;
    }
    return row;
  };
};

const compileField = (topic: TopicDescription, field: RecordField): FieldReader => {
  const { name, source, type } = field;
  const keyIndex = topic.key.indexOf(name);
  if (keyIndex >= 0 && source.kind === 'value') return keyField(topic, field, source.path, keyIndex);
  switch (source.kind) {
    case 'value': {
      const at = compilePath(source.path);
      const read = compileValue(type, name);
      return { name, read: ({ value }, misfits) => read(at(value), misfits) };
    }
    case 'key': {
      const read = compileText(type, name);
      const textOf = (parts: Parts) => (keyIndex >= 0 ? parts.keyFields?.[keyIndex] : parts.keyText);
      return { name, read: (parts, misfits) => read(textOf(parts), misfits) };
    }
    case 'header': {
      const read = compileText(type, name);
      return { name, read: ({ record }, misfits) => read(headerOf(record, source.header), misfits) };
    }
    default:
      return { name, read: compilePart(field, source.kind) };
  }
};

/** From the value where it has the field, else from the record key. Both must agree: a view finds the row by the key. */
const keyField = (
  topic: TopicDescription,
  { name, type }: RecordField,
  path: readonly string[],
  index: number,
): FieldReader => {
  const at = compilePath(path);
  const fromValue = compileValue(type, name);
  const fromKey = compileText(type, name);
  return {
    name,
    read: ({ value, keyFields }, misfits) => {
      const held = at(value);
      const part = keyFields?.[index];
      if (held === undefined || held === null) return fromKey(part, misfits);
      const fitted = fromValue(held, misfits);
      if (part === undefined || fitted === misfit || fitted === null || keyText(fitted) === part)
        return fitted;
      const expected = fromKey(part, []);
      if (expected !== misfit && keyText(expected) === keyText(fitted)) return fitted;
      throw new Unreadable(
        'KEY_MISMATCH',
        `The value of ${topic.type}.${name} is not the one in the record key.`,
      );
    },
  };
};

const compilePart = (
  { name, type }: RecordField,
  kind: 'offset' | 'partition' | 'timestamp',
): FieldReader['read'] => {
  const read = compileValue(type, name);
  const isText = type.kind === 'scalar' && type.name === 'String';
  return ({ record, partition }, misfits) => {
    const part = kind === 'offset' ? record.offset : kind === 'partition' ? partition : record.timestamp;
    // −1 is Kafka's "no timestamp".
    if (part < 0) return read(null, misfits);
    return read(isText ? String(part) : part, misfits);
  };
};

/** The last header of a name counts, as in Kafka's own clients. */
const headerOf = (record: RawRecord, name: string): string | null => {
  const found = record.headers.findLast(([header]) => header !== null && header.toString() === name);
  return found?.[1] === undefined || found[1] === null ? null : textOfBytes(found[1]);
};
