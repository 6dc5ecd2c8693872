import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { DecodedRecord } from '../records.ts';
import { columnValue, type Layout, stateCodes } from './sqlite-layout.ts';
import { storedRow } from './stored-row.ts';
import type { ViewBatch, ViewChange } from './view.ts';
import {
  type CommittedUnit,
  maximumUnit,
  type WriterData,
  type WriterMessage,
  type WriterRecord,
  type WriterUnit,
} from './writer-messages.ts';

/** Records that the worker may hold without having committed them; beyond it `apply` waits. */
const maximumUnacknowledged = 2_000;

export interface WriteQueueEvents {
  /** After a commit, before the promises of its records resolve. `purged`: tombstones that it removed. */
  committed(units: readonly Committed[], purged: number): void;
  /** The worker ended; nothing is written any more. Called once. */
  failed(error: WriterFailure): void;
}

export interface Committed {
  readonly partition: number;
  readonly next: number;
  readonly changes: readonly ViewChange[];
}

/** Why the writer ended. */
export class WriterFailure extends Error {
  /** SQLite's result code; 0 when it was something else. */
  readonly errcode: number;
  constructor(message: string, errcode: number) {
    super(message);
    this.name = 'WriterFailure';
    this.errcode = errcode;
  }
}

interface PendingUnit {
  readonly partition: number;
  readonly epoch: number;
  readonly next: number;
  readonly records: readonly KeyedRecord[];
  readonly resolve: (changes: readonly ViewChange[]) => void;
  readonly reject: (error: Error) => void;
}

type KeyedRecord = DecodedRecord & { readonly key: string };

/** Beside this one, and like it: a source, or the JavaScript of an installed package. */
const writerModule = new URL(`./sqlite-writer${extname(import.meta.filename)}`, import.meta.url);

/** The main thread's side of the writer: cuts batches into units, hands them over in order, and keeps within the bound. */
export class WriteQueue {
  private readonly worker: Worker;
  private readonly layout: Layout;
  private readonly events: WriteQueueEvents;
  private readonly opened = Promise.withResolvers<void>();
  private readonly ended = Promise.withResolvers<void>();
  private readonly waiting: PendingUnit[] = [];
  private readonly sent = new Map<number, PendingUnit>();
  private unacknowledged = 0;
  private nextId = 0;
  private failure: WriterFailure | null = null;
  private idle: PromiseWithResolvers<void> | null = null;

  constructor(data: WriterData, events: WriteQueueEvents) {
    this.layout = data.layout;
    this.events = events;
    this.opened.promise.catch(() => undefined);
    this.worker = new Worker(writerModule, { workerData: data });
    this.worker.on('message', (message: WriterMessage) => this.receive(message));
    this.worker.on('error', (error) => this.fail(new WriterFailure(String(error), 0)));
    this.worker.on('exit', (code) => {
      if (code !== 0) this.fail(new WriterFailure(`The writer thread ended with code ${code}.`, 0));
      this.ended.resolve();
    });
  }

  /** Resolves when the worker has the file open. */
  open(): Promise<void> {
    return this.opened.promise;
  }

  /** Resolves after the commit of the last record. */
  async write(batch: ViewBatch): Promise<readonly ViewChange[]> {
    const units = unitsOf(batch).map(
      ({ records, next }) =>
        new Promise<readonly ViewChange[]>((resolve, reject) => {
          const { partition, leaderEpoch: epoch = -1 } = batch;
          this.waiting.push({ partition, epoch, next, records, resolve, reject });
        }),
    );
    this.pump();
    const changes = await Promise.all(units);
    return changes.length === 1 ? (changes[0] ?? []) : changes.flat();
  }

  /** Resolves when all that was handed over is committed, or the worker failed. */
  async drained(): Promise<void> {
    if (this.failure !== null || this.waiting.length + this.sent.size === 0) return;
    this.idle ??= Promise.withResolvers<void>();
    await this.idle.promise;
  }

  /** Folds the write-ahead log into the file and ends the worker. To be called when drained. */
  async close(): Promise<void> {
    this.worker.postMessage('close');
    await this.ended.promise;
  }

  private pump(): void {
    if (this.failure !== null) {
      for (const unit of this.waiting.splice(0)) unit.reject(this.failure);
      return;
    }
    for (let unit = this.waiting[0]; unit !== undefined; unit = this.waiting[0]) {
      const size = unit.records.length;
      if (this.sent.size > 0 && this.unacknowledged + size > maximumUnacknowledged) return;
      this.waiting.shift();
      this.unacknowledged += size;
      const id = this.nextId++;
      this.sent.set(id, unit);
      const message: WriterUnit = {
        id,
        partition: unit.partition,
        next: unit.next,
        epoch: unit.epoch,
        records: unit.records.map((record) => this.encode(record)),
      };
      this.worker.postMessage(message);
    }
  }

  private encode({ key, offset, timestamp, state, row, idempotencyKey }: KeyedRecord): WriterRecord {
    const columns = this.layout.fields.map((field) => columnValue(row?.[field]));
    const text = row && JSON.stringify(row);
    return [key, offset, timestamp, stateCodes[state], text, idempotencyKey ?? null, ...columns];
  }

  private receive(message: WriterMessage): void {
    if (message.kind === 'opened') this.opened.resolve();
    if (message.kind === 'failed') this.fail(new WriterFailure(message.message, message.errcode));
    if (message.kind !== 'committed') return;
    const finished = message.units.flatMap((unit) => this.acknowledge(unit));
    this.events.committed(
      finished.map(({ unit, changes }) => ({ partition: unit.partition, next: unit.next, changes })),
      message.purged,
    );
    for (const { unit, changes } of finished) unit.resolve(changes);
    this.pump();
    if (this.waiting.length + this.sent.size === 0) this.idle?.resolve();
  }

  private acknowledge({ id, skipped, replaced }: CommittedUnit): Acknowledged[] {
    const unit = this.sent.get(id);
    if (unit === undefined) return [];
    this.sent.delete(id);
    this.unacknowledged -= unit.records.length;
    const changes = unit.records.slice(skipped).map((record, index): ViewChange => {
      const old = replaced?.[index];
      return { record, old: old ? storedRow(record.key, ...old) : null };
    });
    return [{ unit, changes }];
  }

  private fail(failure: WriterFailure): void {
    if (this.failure !== null) return;
    this.failure = failure;
    this.opened.reject(failure);
    for (const unit of this.sent.values()) unit.reject(failure);
    this.sent.clear();
    this.pump();
    this.idle?.resolve();
    this.events.failed(failure);
  }
}

interface Acknowledged {
  readonly unit: PendingUnit;
  readonly changes: readonly ViewChange[];
}

/** Cut so that no transaction is long. The position after all but the last unit is that of its last record. */
function unitsOf({ records, next }: ViewBatch): Pick<PendingUnit, 'records' | 'next'>[] {
  const keyed = records.filter((record): record is KeyedRecord => record.key !== null);
  const count = Math.max(1, Math.ceil(keyed.length / maximumUnit));
  return Array.from({ length: count }, (_, index) => {
    const part = keyed.slice(index * maximumUnit, (index + 1) * maximumUnit);
    const last = part.at(-1);
    return { records: part, next: index === count - 1 || last === undefined ? next : last.offset + 1 };
  });
}
