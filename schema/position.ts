/**
 * A position in a topic: the next offset to read of each partition (exclusive), the index is the partition (S5).
 * Offsets are numbers: exact up to 2^53.
 */
export type Position = readonly number[];

/** The next offset of a partition; partitions that the position does not know yet begin at 0 (S5). */
export const nextOffset = (position: Position, partition: number): number => position[partition] ?? 0;

/** True when `a` is at or beyond `b` in every partition. */
export const covers = (a: Position, b: Position): boolean =>
  b.every((next, partition) => nextOffset(a, partition) >= next);

/** The later of two positions, partition by partition. */
export const laterOf = (a: Position, b: Position): Position =>
  Array.from({ length: Math.max(a.length, b.length) }, (_, partition) =>
    Math.max(nextOffset(a, partition), nextOffset(b, partition)),
  );

/** The position after the record at `offset`. */
export const advanced = (position: Position, partition: number, next: number): Position => {
  const copy = Array.from({ length: Math.max(position.length, partition + 1) }, (_, index) =>
    nextOffset(position, index),
  );
  copy[partition] = Math.max(copy[partition] ?? 0, next);
  return copy;
};
