import type { RawRecord, UndecodableRange } from '../records.ts';
import type { FetchResponsePartition } from './fetch-answer.ts';
import type { RecordBatch } from './record-batch.ts';

const isTransactional = 0x10;
const isControl = 0x20;
const isLogAppendTime = 0x08;
const abortMarker = 0;

export interface FetchedPartition {
  readonly records: RawRecord[];
  readonly undecodable: UndecodableRange[];
  /** Where to go on, by batch metadata; the offset asked for where nothing came. */
  readonly next: number;
  /** Leader epoch of the last batch, −1 where nothing came. */
  readonly leaderEpoch: number;
  /** Key, value and header bytes, and a constant a record for what it costs in memory. */
  readonly bytes: number;
}

/** What a record costs in memory beside its bytes, roughly. */
const recordOverhead = 64;

/**
 * The committed records of a fetch answer from `asked` on, with the position behind them (S5).
 *
 * Aborted transactions are left out as KIP-98 says (`CompletedFetch` of the Java client): by a walk over the batches that
 * keeps the set of producers whose transaction is aborted. The client library's own filter keeps one range a producer and
 * gives up when the marker is not in the same answer, so it lets aborted records through.
 */
export const readFetchedPartition = (answer: FetchResponsePartition, asked: number): FetchedPartition => {
  const aborted = openAborts(answer);
  const records: RawRecord[] = [];
  const undecodable: UndecodableRange[] = [];
  let next = asked;
  let leaderEpoch = -1;
  let bytes = 0;
  for (const batch of answer.records ?? []) {
    const isAborted = aborted(batch);
    next = Math.max(next, Number(batch.firstOffset) + batch.lastOffsetDelta + 1);
    leaderEpoch = batch.partitionLeaderEpoch;
    if (isAborted || (batch.attributes & isControl) !== 0) continue;
    if (batch.undecodable !== undefined) {
      const from = Math.max(asked, Number(batch.firstOffset));
      undecodable.push({ from, until: next, reason: batch.undecodable });
    }
    bytes += appendRecords(batch, asked, records);
  }
  return { records, undecodable, next, leaderEpoch, bytes };
};

/** Tells, batch after batch in offset order, whether a batch belongs to an aborted transaction. */
const openAborts = (answer: FetchResponsePartition): ((batch: RecordBatch) => boolean) => {
  const starts = [...(answer.abortedTransactions ?? [])].sort((a, b) =>
    a.firstOffset < b.firstOffset ? -1 : a.firstOffset > b.firstOffset ? 1 : 0,
  );
  const producers = new Set<bigint>();
  let read = 0;
  return (batch) => {
    const last = batch.firstOffset + BigInt(batch.lastOffsetDelta);
    for (let start = starts[read]; start !== undefined && start.firstOffset <= last; start = starts[read]) {
      producers.add(start.producerId);
      read += 1;
    }
    if ((batch.attributes & isControl) !== 0) {
      if (batch.records[0]?.key?.readInt16BE(2) === abortMarker) producers.delete(batch.producerId);
      return false;
    }
    return (batch.attributes & isTransactional) !== 0 && producers.has(batch.producerId);
  };
};

/** Appends the records of a batch that are not below `asked` (brokers answer whole batches), and returns their size. */
const appendRecords = (batch: RecordBatch, asked: number, into: RawRecord[]): number => {
  const firstOffset = Number(batch.firstOffset);
  const firstTimestamp = Number(batch.firstTimestamp);
  const appendTime = (batch.attributes & isLogAppendTime) === 0 ? null : Number(batch.maxTimestamp);
  let bytes = 0;
  for (const record of batch.records) {
    const offset = firstOffset + record.offsetDelta;
    if (offset < asked) continue;
    into.push({
      offset,
      timestamp: appendTime ?? firstTimestamp + Number(record.timestampDelta),
      key: record.key,
      value: record.value,
      headers: record.headers,
    });
    bytes += record.length + recordOverhead;
  }
  return bytes;
};
