import { expect, test } from 'vitest';
import type { Position } from '../../../schema/position.ts';
import { Progress } from '../../../subgraphs/kit/server/progress.ts';
import type { OpenSubscription } from '../../../subgraphs/kit/subscriptions/subscription.ts';

const setup = () => {
  const sent: unknown[] = [];
  const outbox = {
    send: async (text: string) => {
      sent.push(JSON.parse(text));
    },
  };
  let encoded = 0;
  const operation = (position: Position | null): OpenSubscription => ({
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => new Promise(() => undefined),
    return: async () => ({ done: true, value: undefined }),
    standing: () =>
      position === null
        ? null
        : {
            position,
            cursor: () => {
              encoded += 1;
              return `cursor ${position.join()}`;
            },
          },
  });
  return { sent, outbox, operation, encoded: () => encoded };
};

test('S10 ten thousand operations at one place are told by one cursor', () => {
  const { sent, outbox, operation, encoded } = setup();
  const progress = new Progress();
  const here = [3, 4];
  const ids = Array.from({ length: 10_000 }, (_, index) => String(index));
  for (const id of ids) progress.track(outbox, id, operation(here), true);
  progress.track(outbox, 'other', operation([8]), true);
  progress.track(outbox, 'busy', operation(null), true);
  progress.send();
  expect(sent).toEqual([
    {
      type: 'ping',
      payload: {
        cursors: {},
        positions: [
          { cursor: 'cursor 3,4', operations: ids },
          { cursor: 'cursor 8', operations: ['other'] },
        ],
      },
    },
  ]);
  expect(encoded()).toBe(2);
});

test('S10 who did not ask for positions gets the cursor of each operation; an ended one is not told', async () => {
  const { sent, outbox, operation } = setup();
  const progress = new Progress();
  progress.track(outbox, '1', operation([3]), false);
  await progress.track(outbox, '2', operation([3]), false).return();
  progress.send();
  expect(sent).toEqual([{ type: 'ping', payload: { cursors: { 1: 'cursor 3' } } }]);
});
