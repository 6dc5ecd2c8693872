import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { TopicSource } from '../../../subgraphs/kit/topic-source.ts';
import type { View } from '../../../subgraphs/kit/view/view.ts';
import { UnseenWrites } from '../../../subgraphs/kit/write/unseen-writes.ts';

const keyBound = 100_000;

/** A full list, and a view that holds nothing of it until it is shown. */
const full = (isAnswered: boolean) => {
  let shown = 0;
  const view = {
    get position() {
      return [shown];
    },
    waitFor: async () => false,
  } as unknown as View;
  const source = { view, topic: { latest: async () => [keyBound] } } as unknown as TopicSource;
  const unseen = new UnseenWrites();
  for (let n = 0; n < keyBound; n++) {
    const written = isAnswered ? { topicId: 't', partition: 0, offset: n, timestamp: 0 } : null;
    unseen.add(`k${n}`, source, view, written);
  }
  const show = (): void => {
    shown = keyBound;
  };
  return { unseen, show };
};

const notYet = expect.objectContaining({ code: 'NOT_YET' });

describe('a full list of written keys that the view does not hold', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  test('S25 refuses writes until the view holds them', () => {
    const { unseen, show } = full(true);
    expect(() => unseen.requireRoom()).toThrow(notYet);
    show();
    vi.advanceTimersByTime(1_000);
    expect(() => unseen.requireRoom()).not.toThrow();
  });

  test('S25 of writes without an answer, until the view holds what may have been written', async () => {
    const { unseen, show } = full(false);
    show();
    expect(() => unseen.requireRoom()).toThrow(notYet);
    vi.advanceTimersByTime(60_000);
    // Still refused, but now the end of the topic is asked for.
    expect(() => unseen.requireRoom()).toThrow(notYet);
    await new Promise(setImmediate);
    expect(() => unseen.requireRoom()).not.toThrow();
  });
});
