import type { RecordField, RecordFieldType, TopicDescription } from '../../../schema/description.ts';
import type { RawRecord } from '../../../subgraphs/kit/records.ts';

export const scalar = (name: string, nonNull = false): RecordFieldType => ({ kind: 'scalar', name, nonNull });

export const field = (name: string, type: RecordFieldType, source?: RecordField['source']): RecordField => ({
  name,
  type,
  source: source ?? { kind: 'value', path: [name] },
});

/** A compacted topic of things with the key `id`, and the fields that a test is about. */
export const thing = (
  fields: readonly RecordField[],
  overrides: Partial<TopicDescription> = {},
): TopicDescription => ({
  type: 'Thing',
  name: 'things',
  key: ['id'],
  cleanup: 'COMPACT',
  partitions: null,
  onInvalid: 'DEAD_LETTER',
  fields: [field('id', scalar('ID', true)), ...fields],
  indexes: [],
  entityKeys: [['id']],
  ...overrides,
});

export const record = (
  value: unknown,
  {
    key = 'a',
    ...overrides
  }: Partial<Omit<RawRecord, 'key' | 'value'>> & { key?: string | Buffer | null } = {},
): RawRecord => ({
  offset: 7,
  timestamp: Date.UTC(2013, 1, 4, 10),
  headers: [],
  ...overrides,
  key: key === null ? null : Buffer.from(key),
  value: value === null ? null : Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value)),
});
