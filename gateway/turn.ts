import { setImmediate } from 'node:timers';

/** An operation that has something for its clients. */
export interface Waking {
  /** Calls `flushSoon` for each writer that is to write. */
  wakeAll(): void;
}

/** Writes what is due to one client. */
export interface Flushable {
  flush(): void;
}

const waking = new Set<Waking>();
const dirty = new Set<Flushable>();
let isScheduled = false;
/** A writer that is told of is flushed there and then. */
let isDirect = false;

/** The operation wakes its clients once, when the turn's input has been read, however many events that brought. */
export const wakeSoon = (operation: Waking): void => {
  waking.add(operation);
  schedule();
};

/** All writers that have something flush once, when the turn's input has been read. */
export const flushSoon = (writer: Flushable): void => {
  if (!isDirect) {
    dirty.add(writer);
    schedule();
    return;
  }
  // What this one wakes waits: flushes never lie within each other.
  isDirect = false;
  writer.flush();
  isDirect = true;
};

const schedule = (): void => {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(runTurn);
};

/**
 * With one operation, each writer flushes as soon as it is woken, while what belongs to it is in the processor's caches: with
 * a thousand clients a second pass over them finds nothing there. With several, a client may be on each of them.
 */
const runTurn = (): void => {
  isScheduled = false;
  const operations = [...waking];
  waking.clear();
  isDirect = operations.length === 1 && dirty.size === 0;
  try {
    for (const operation of operations) operation.wakeAll();
  } finally {
    isDirect = false;
  }
  const writers = [...dirty];
  dirty.clear();
  for (const writer of writers) writer.flush();
};
