import { TributaryError } from '../../../schema/errors.ts';
import { covers, nextOffset, type Position } from '../../../schema/position.ts';
import type { WrittenRecord } from '../kafka/producer.ts';
import type { TopicSource } from '../topic-source.ts';
import type { View } from '../view/view.ts';

/** How long an update waits in all for the view to hold what was written before (S25): less than the gateway waits for it. */
export const viewWaitMs = 4_000;
/** Keys that the views do not hold yet. Policy: refuse further writes with NOT_YET. */
const keyBound = 100_000;
/** Keys looked at after each write: more than one, so that those that the view holds become fewer. */
const lookedAt = 2;

/** A write that the view may not hold yet. Without a position where it was not answered: it may be anywhere, or nowhere. */
interface UnseenWrite {
  readonly view: View;
  readonly written: Pick<WrittenRecord, 'partition' | 'offset'> | null;
}

/** What this process wrote of each key and its view may not hold yet, so that no update overwrites what it has not seen. */
export class UnseenWrites {
  readonly #byKey = new Map<string, UnseenWrite>();

  /** Before an update of the key. Rejects with NOT_YET when the view does not come to hold its last write in time. */
  async seen(name: string, source: TopicSource, view: View, deadline: number): Promise<void> {
    const unseen = this.#byKey.get(name);
    if (unseen === undefined) return;
    // What was not answered lies below the end of now, or nowhere.
    const target = unseen.written === null ? await source.topic.latest() : positionBehind(unseen.written);
    if (!(await reached(view, target, deadline))) {
      throw new TributaryError('NOT_YET', 'The view has not read the last write of this key yet. Try again.');
    }
    if (this.#byKey.get(name) === unseen) this.#byKey.delete(name);
  }

  /** Before any write. Throws NOT_YET when too many are unseen already. */
  requireRoom(): void {
    if (this.#byKey.size < keyBound) return;
    throw new TributaryError('NOT_YET', `The views are ${keyBound} written keys behind. Try again.`);
  }

  add(name: string, view: View, written: WrittenRecord | null): void {
    this.#byKey.set(name, { view, written });
    for (let looked = 0; looked < lookedAt; looked++) this.#lookAtOldest();
  }

  #lookAtOldest(): void {
    const [oldest] = this.#byKey;
    if (oldest === undefined) return;
    const [name, unseen] = oldest;
    this.#byKey.delete(name);
    const { view, written } = unseen;
    if (written === null || !covers(view.position, positionBehind(written))) this.#byKey.set(name, unseen);
  }
}

const positionBehind = ({ partition, offset }: Pick<WrittenRecord, 'partition' | 'offset'>): Position => {
  const position = Array.from({ length: partition + 1 }, () => 0);
  position[partition] = offset + 1;
  return position;
};

/** Resolves false when the view does not come so far until `deadline`, in milliseconds since 1970. */
export const reached = async (view: View, target: Position, deadline: number): Promise<boolean> => {
  const waitMs = Math.max(0, deadline - Date.now());
  const waits = target.map(
    (_, partition) =>
      nextOffset(view.position, partition) >= nextOffset(target, partition) ||
      view.waitFor(partition, nextOffset(target, partition), waitMs),
  );
  return (await Promise.all(waits)).every(Boolean);
};
