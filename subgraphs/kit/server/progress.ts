import type { ExecutionResult } from 'graphql';
import type { Position } from '../../../schema/position.ts';
import type { OpenSubscription } from '../subscriptions/subscription.ts';
import type { Outbox } from './outbox.ts';

/** Progress without an event never travels as `next` (S10): one ping a socket, for all operations that moved. */
export class Progress {
  readonly #sockets = new Map<Sending, Map<string, Tracked>>();

  /**
   * Passes an operation on, and counts it until it ends. `return()` reaches it while it waits. `inPositions`: the client
   * takes one cursor for all of its operations that stand at one place.
   */
  track(
    outbox: Sending,
    id: string,
    operation: OpenSubscription,
    inPositions: boolean,
  ): AsyncGenerator<ExecutionResult, void, void> {
    const operations = this.#sockets.get(outbox) ?? new Map<string, Tracked>();
    this.#sockets.set(outbox, operations);
    const tracked: Tracked = { operation, inPositions };
    operations.set(id, tracked);
    const end = (): void => {
      if (operations.get(id) === tracked) operations.delete(id);
      if (operations.size === 0 && this.#sockets.get(outbox) === operations) this.#sockets.delete(outbox);
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
    for (const [outbox, operations] of this.#sockets) {
      const cursors: Record<string, string> = {};
      const shared = new Map<Position, SharedPosition>();
      for (const [id, { operation, inPositions }] of operations) {
        const standing = operation.standing();
        if (standing === null) continue;
        if (!inPositions) {
          cursors[id] = standing.cursor();
          continue;
        }
        const known = shared.get(standing.position);
        if (known !== undefined) known.operations.push(id);
        else shared.set(standing.position, { cursor: standing.cursor(), operations: [id] });
      }
      const positions = [...shared.values()];
      if (positions.length > 0) sendPing(outbox, { cursors, positions });
      else if (Object.keys(cursors).length > 0) sendPing(outbox, { cursors });
    }
  }
}

/** Where pings go. */
type Sending = Pick<Outbox, 'send'>;

interface Tracked {
  readonly operation: OpenSubscription;
  readonly inPositions: boolean;
}

/** Operations that stand at one place; the cursor is that of one of them. */
interface SharedPosition {
  readonly cursor: string;
  readonly operations: string[];
}

export const sendProgress = (
  outbox: Sending,
  cursors: Readonly<Record<string, string>>,
  snapshots: readonly string[],
): void => sendPing(outbox, snapshots.length > 0 ? { cursors, snapshots } : { cursors });

const sendPing = (outbox: Sending, payload: object): void =>
  void outbox.send(JSON.stringify({ type: 'ping', payload }));
