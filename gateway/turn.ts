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

let turn = 0;
let isTurnCounted = false;

/** A number that is another one in each turn of the loop: one clock for all who count what they do in a turn. */
export const currentTurn = (): number => {
  if (!isTurnCounted) {
    isTurnCounted = true;
    setImmediate(endTurn);
  }
  return turn;
};

const endTurn = (): void => {
  turn += 1;
  isTurnCounted = false;
};

const waking = new Set<Waking>();
const dirty = new Set<Flushable>();
let isScheduled = false;
/** A writer that is told of is flushed with the next few. */
let isDirect = false;
/** Woken before the first of them is flushed: the processor fetches what it needs of several at once, but not across a system call. */
const lot: Flushable[] = [];
const lotSize = 16;

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
  lot.push(writer);
  if (lot.length >= lotSize) flushLot();
};

const schedule = (): void => {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(runTurn);
};

const flushLot = (): void => {
  const wasDirect = isDirect;
  // What one of them wakes waits: flushes never lie within each other.
  isDirect = false;
  for (const writer of lot.splice(0)) writer.flush();
  isDirect = wasDirect;
};

/**
 * With one operation, writers flush a few at a time, while what belongs to them is in the processor's caches: with a
 * thousand clients a second pass over all of them finds nothing there. With several, a client may be on each of them.
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
    flushLot();
  }
  const writers = [...dirty];
  dirty.clear();
  for (const writer of writers) writer.flush();
};
