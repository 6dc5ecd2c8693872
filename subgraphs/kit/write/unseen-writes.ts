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
/** Between looks at all of them, which only a full list makes necessary; milliseconds. */
const lookAllMs = 1_000;
/** A write without an answer is in the log after so many milliseconds, or nowhere. */
const unansweredMs = 60_000;

/** A write that the view may not hold yet. Without a position where it was not answered: it may be anywhere, or nowhere. */
interface UnseenWrite {
  readonly source: TopicSource;
  readonly view: View;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly written: Pick<WrittenRecord, 'partition' | 'offset'> | null;
}

interface Named {
  readonly name: string;
  readonly unseen: UnseenWrite;
}

/** What this process wrote of each key and its view may not hold yet, so that no update overwrites what it has not seen. */
export class UnseenWrites {
  readonly #byKey = new Map<string, UnseenWrite>();
  #turn = this.#byKey.entries();
  #lookAllAt = 0;

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
    if (this.#byKey.size >= keyBound) this.#lookAtAll();
    if (this.#byKey.size < keyBound) return;
    throw new TributaryError('NOT_YET', `The views are ${keyBound} written keys behind. Try again.`);
  }

  add(name: string, source: TopicSource, view: View, written: WrittenRecord | null): void {
    this.#byKey.set(name, { source, view, written, at: Date.now() });
    for (let looked = 0; looked < lookedAt; looked++) this.#lookAtNext();
  }

  /** All in turn. One iterator for many writes: a new one steps over the holes of all that were deleted before. */
  #lookAtNext(): void {
    let next = this.#turn.next();
    if (next.done === true) {
      this.#turn = this.#byKey.entries();
      next = this.#turn.next();
    }
    if (next.done === true) return;
    const [name, { view, written }] = next.value;
    if (written !== null && covers(view.position, positionBehind(written))) this.#byKey.delete(name);
  }

  /** A full list takes no more, so nothing but this would ever make room. */
  #lookAtAll(): void {
    const now = Date.now();
    if (now < this.#lookAllAt) return;
    this.#lookAllAt = now + lookAllMs;
    const unanswered: Named[] = [];
    for (const [name, unseen] of this.#byKey) {
      const { view, written, at } = unseen;
      if (written !== null && covers(view.position, positionBehind(written))) this.#byKey.delete(name);
      if (written === null && now - at >= unansweredMs) unanswered.push({ name, unseen });
    }
    for (const writes of Map.groupBy(unanswered, ({ unseen }) => unseen.source).values())
      this.#forgetUnanswered(writes).catch(() => undefined); // Asked again at the next look.
  }

  /** What there is of these writes, all of one topic, lies below its end of now. */
  async #forgetUnanswered(writes: readonly Named[]): Promise<void> {
    const [first] = writes;
    if (first === undefined) return;
    const { source, view } = first.unseen;
    if (!(await reached(view, await source.topic.latest(), Date.now() + viewWaitMs))) return;
    for (const { name, unseen } of writes) if (this.#byKey.get(name) === unseen) this.#byKey.delete(name);
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
