import { setImmediate } from 'node:timers';

/** Writes what is due to one client. */
export interface Flushable {
  flush(): void;
}

const dirty = new Set<Flushable>();

/** All writers that have something flush once, when the turn's input has been read. */
export const flushSoon = (writer: Flushable): void => {
  if (dirty.size === 0) setImmediate(flushAll);
  dirty.add(writer);
};

const flushAll = (): void => {
  const writers = [...dirty];
  dirty.clear();
  for (const writer of writers) writer.flush();
};
