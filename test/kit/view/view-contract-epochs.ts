import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, type TestContext, test } from 'vitest';
import type { View, ViewBatch } from '../../../subgraphs/kit/view/view.ts';
import { recordOf } from './flights.ts';

type Open = (context: TestContext, place: string) => Promise<View>;

/** Applies batches to a view, and tells what its next open says of the first three partitions. */
const openerOf = (open: Open, context: TestContext) => {
  const place = randomUUID();
  return async (...batches: readonly ViewBatch[]) => {
    const view = await open(context, place);
    onTestFinished(() => view.close());
    for (const batch of batches) await view.apply(batch);
    await view.close();
    const next = await open(context, place);
    await next.close();
    return { position: next.position, epochs: [0, 1, 2].map((partition) => next.epochs[partition] ?? -1) };
  };
};

const batchOf = (partition: number, from: number, next: number, leaderEpoch?: number): ViewBatch => ({
  partition,
  records: Array.from({ length: next - from }, (_, index) =>
    recordOf(partition, from + index, `K${partition}-${index % 50}`, { n: index }),
  ),
  next,
  ...(leaderEpoch === undefined ? {} : { leaderEpoch }),
});

/** By its epoch, a position that Kafka has lost the records of is told from one that it goes on from. */
export function testEpochs(open: Open): void {
  test('S11 the next open knows the leader epoch of each partition; of an empty view it knows none', async (context) => {
    const apply = openerOf(open, context);
    expect((await apply()).epochs).toEqual([-1, -1, -1]);
    expect(await apply(batchOf(0, 0, 3, 4), batchOf(2, 0, 2, 0))).toEqual({
      position: [3, 0, 2],
      epochs: [4, -1, 0],
    });
    // More records than one transaction takes, and a position that moves without any.
    const empty: ViewBatch = { partition: 2, records: [], next: 9, leaderEpoch: 1 };
    expect(await apply(batchOf(0, 3, 1_003, 5), empty)).toEqual({
      position: [1_003, 0, 9],
      epochs: [5, -1, 1],
    });
  });

  test('S11 a leader epoch goes with its position: what is skipped does not raise it, and nothing lowers it', async (context) => {
    const apply = openerOf(open, context);
    await apply(batchOf(0, 0, 10, 4));
    // Records of another leader, at offsets that the view has of the one before.
    expect(await apply(batchOf(0, 5, 10, 6))).toEqual({ position: [10], epochs: [4, -1, -1] });
    expect(await apply(batchOf(0, 10, 12))).toEqual({ position: [12], epochs: [4, -1, -1] });
    expect(await apply(batchOf(0, 12, 13, 3))).toEqual({ position: [13], epochs: [4, -1, -1] });
    expect(await apply(batchOf(0, 13, 14, 6))).toEqual({ position: [14], epochs: [6, -1, -1] });
  });
}
