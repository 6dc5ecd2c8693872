import { expect, test } from 'vitest';
import { TributaryError } from '../../../schema/errors.ts';
import { Subscriptions } from '../../../subgraphs/kit/subscriptions/subscription.ts';
import type { ServedStream } from '../../../subgraphs/kit/topic-source.ts';
import type { View } from '../../../subgraphs/kit/view/view.ts';
import { MemoryTopic, receive, request } from './memory-topic.ts';

/** As a view in Redis is from the moment that its store has lost everything until the first rows are back. */
const withoutRows = (served: ServedStream): ServedStream => {
  const view = {
    ...served.source.view,
    position: [],
    scan: () => Promise.reject(new TributaryError('VIEW_NOT_READY', 'Redis lost records of a view.')),
  } as unknown as View;
  return { ...served, source: { ...served.source, view } };
};

/** More than the window holds. */
const topicOf = (): MemoryTopic => {
  const topic = new MemoryTopic(2, { compact: true, windowBytes: 30 });
  for (let n = 0; n < 20; n++) topic.append(n % 2, `k${n}`, 'a');
  return topic;
};

test('S27 a snapshot of a store that has lost all its rows is told to come again, and holds nobody up', async () => {
  const served = withoutRows(topicOf().served());
  await expect(receive(new Subscriptions().open(request(served)), 2)).rejects.toMatchObject({
    code: 'VIEW_NOT_READY',
  });
});

test('S14 S27 so is a bounded catch-up', async () => {
  const served = topicOf().served();
  const all = await receive(new Subscriptions().open(request(served)), 22);
  const [from, until] = [all[2]?.cursor ?? '', all.at(-1)?.cursor ?? ''];
  const bounded = new Subscriptions().open(request(withoutRows(served), {}, { cursor: from, until }));
  await expect(receive(bounded)).rejects.toMatchObject({ code: 'VIEW_NOT_READY' });
});
