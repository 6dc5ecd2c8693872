import type { Serializable } from 'node:child_process';
import type { Worker } from 'node:cluster';

/**
 * Closes the connection that a worker was handed and had not taken when it died. Node keeps it open in the command's
 * process, where nobody reads it: the client would wait for ever (seen at every second kill -9 under load). Closed, it is
 * reset like the other connections of that worker, and the client comes back.
 */
export const closeWhatWasHandedOver = (worker: Worker): void => {
  const { process: child } = worker;
  const { send } = child;
  let last: Closable | null = null;
  // Node hands a worker one connection at a time, as the handle of a message. To close one that is closed does nothing.
  child.send = (message: Serializable, ...rest: readonly unknown[]): boolean => {
    if (isClosable(rest[0])) last = rest[0];
    return Reflect.apply(send as (...given: readonly unknown[]) => boolean, child, [message, ...rest]);
  };
  // Refused by a worker that stops, it is handed to another, and no longer this one's. Before Node hears of it, which hands
  // over the next at once.
  child.prependListener('internalMessage', (answer: unknown) => {
    if (typeof answer === 'object' && answer !== null && 'accepted' in answer) last = null;
  });
  worker.on('exit', () => last?.close());
};

interface Closable {
  close(): void;
}

const isClosable = (handle: unknown): handle is Closable =>
  typeof handle === 'object' && handle !== null && 'close' in handle && typeof handle.close === 'function';
