import type { DecodedRecord } from '../../records.ts';

/** A compacted topic cannot keep records without a key, so no view does. */
export type KeyedRecord = DecodedRecord & { readonly key: string };

/** Records that one script applies, the position after them, and the leader epoch up to there (−1 unknown). */
export interface Unit {
  readonly records: readonly KeyedRecord[];
  readonly next: number;
  readonly epoch: number;
}

/** Bounds how long a script runs, while Redis does nothing else: some milliseconds. */
const maximumRecords = 200;
const maximumBytes = 512 * 1024;

/** Cuts a batch; the position after all but the last unit is that of its last record. Never empty. */
export function unitsOf(records: readonly DecodedRecord[], next: number, epoch: number): Unit[] {
  const units: Unit[] = [];
  let unit: KeyedRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    if (!isKeyed(record)) continue;
    const last = unit.at(-1);
    if (last !== undefined && (unit.length === maximumRecords || bytes + record.bytes > maximumBytes)) {
      units.push({ records: unit, next: last.offset + 1, epoch });
      unit = [];
      bytes = 0;
    }
    unit.push(record);
    bytes += record.bytes;
  }
  return [...units, { records: unit, next, epoch }];
}

const isKeyed = (record: DecodedRecord): record is KeyedRecord => record.key !== null;
