import type { TopicDescription } from '../../../schema/description.ts';
import type { DecodedRecord, Row } from '../../../subgraphs/kit/records.ts';
import type { QueryShape } from '../../../subgraphs/kit/view/query-shapes.ts';
import type { StoredRow } from '../../../subgraphs/kit/view/view.ts';

const text = (name: string) =>
  ({
    name,
    source: { kind: 'value', path: [name] },
    type: { kind: 'scalar', name: 'String', nonNull: false },
  }) as const;

/** A topic of flights, as `describeSubgraph` would give it. */
export const flights: TopicDescription = {
  type: 'Flight',
  name: 'flights.flights',
  key: ['id'],
  cleanup: 'COMPACT',
  partitions: 3,
  onInvalid: 'DEAD_LETTER',
  fields: ['id', 'origin', 'status', 'departure', 'delay'].map(text),
  indexes: ['status'],
  entityKeys: [['id']],
};

const departure = { field: 'departure', descending: false } as const;
const latest = { field: 'departure', descending: true } as const;
const delay = { field: 'delay', descending: true } as const;

/** Pages that the suites ask for. */
export const queries: readonly QueryShape[] = [
  { equal: [], ranges: [], orderBy: [departure] },
  { equal: ['origin'], ranges: ['departure'], orderBy: [departure] },
  { equal: ['origin'], ranges: ['departure'], orderBy: [latest] },
  { equal: ['origin', 'status'], ranges: ['departure'], orderBy: [departure] },
  { equal: ['origin'], ranges: [], orderBy: [delay, departure] },
  { equal: ['origin'], ranges: [], orderBy: [] },
];

export const identity = { clusterId: 'cluster-1', topicId: 'topic-1' } as const;

export const recordOf = (
  partition: number,
  offset: number,
  key: string,
  row: Row | null,
  state: DecodedRecord['state'] = row === null ? 'TOMBSTONE' : 'ROW',
): DecodedRecord => ({ partition, offset, timestamp: 1_000 + offset, key, state, row, bytes: 100 });

/** Only what a test compares; `row` of a stored row may be a getter. */
export const plain = (stored: StoredRow | null): StoredRow | null =>
  stored && {
    key: stored.key,
    state: stored.state,
    row: stored.row,
    partition: stored.partition,
    offset: stored.offset,
    timestamp: stored.timestamp,
  };
