import type { ExecutionResult } from 'graphql';
import type { WebSocket } from 'ws';
import type { OpenSubscription } from '../subscriptions/subscription.ts';

/** Progress without an event never travels as `next` (S10): one ping a socket, for all operations that moved. */
export class Progress {
  readonly #sockets = new Map<WebSocket, Map<string, Tracked>>();

  /** Passes an operation on, and counts it until it ends. `return()` reaches it while it waits. */
  track(
    socket: WebSocket,
    id: string,
    operation: OpenSubscription,
  ): AsyncGenerator<ExecutionResult, void, void> {
    const operations = this.#sockets.get(socket) ?? new Map<string, Tracked>();
    this.#sockets.set(socket, operations);
    const tracked: Tracked = { operation, sent: null };
    operations.set(id, tracked);
    const end = (): void => {
      if (operations.get(id) === tracked) operations.delete(id);
      if (operations.size === 0 && this.#sockets.get(socket) === operations) this.#sockets.delete(socket);
    };
    const step = async (taking: Promise<IteratorResult<ExecutionResult, void>>) => {
      try {
        const result = await taking;
        if (result.done === true) end();
        return result;
      } catch (error) {
        end();
        throw error;
      }
    };
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      next: () => step(operation.next()),
      return: () => {
        end();
        return operation.return();
      },
      throw: async (error) => {
        end();
        await operation.return();
        throw error;
      },
      [Symbol.asyncDispose]: async () => {
        end();
        await operation.return();
      },
    };
  }

  send(): void {
    for (const [socket, operations] of this.#sockets) {
      const cursors: Record<string, string> = {};
      for (const [id, tracked] of operations) {
        const cursor = tracked.operation.progress();
        if (cursor === null || cursor === tracked.sent) continue;
        tracked.sent = cursor;
        cursors[id] = cursor;
      }
      if (Object.keys(cursors).length > 0) sendProgress(socket, cursors, []);
    }
  }
}

interface Tracked {
  readonly operation: OpenSubscription;
  sent: string | null;
}

export const sendProgress = (
  socket: WebSocket,
  cursors: Readonly<Record<string, string>>,
  snapshots: readonly string[],
): void => {
  if (socket.readyState !== socket.OPEN) return;
  socket.send(
    JSON.stringify({ type: 'ping', payload: snapshots.length > 0 ? { cursors, snapshots } : { cursors } }),
  );
};
