import { expect } from 'vitest';
import { decodeCursor } from '../../../schema/cursor/decode.ts';
import { covers } from '../../../schema/position.ts';
import type { Subscription } from './subscription.ts';

/** Everything once, in the order of each partition, and no cursor behind the one before it. */
export const expectExact = (subscription: Subscription, ids: readonly string[]): void => {
  expect(subscription.ids.toSorted()).toEqual(ids.toSorted());
  for (const partition of ['0', '1', '2']) {
    const inOrder = subscription.ids.filter((id) => id.startsWith(`${partition}-`));
    expect(inOrder).toEqual(ids.filter((id) => id.startsWith(`${partition}-`)));
  }
  const positions = subscription.cursors.map((cursor) => decodeCursor(cursor).position);
  for (const [index, position] of positions.entries()) {
    if (index > 0) expect(covers(position, positions[index - 1] ?? [])).toBe(true);
  }
};
