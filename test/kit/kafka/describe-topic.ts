import type { TopicDescription } from '../../../schema/description.ts';

/** A topic as the SDL would declare it; only what a test is about needs to be said. */
export const describeTopic = (
  overrides: Partial<TopicDescription> & Pick<TopicDescription, 'name'>,
): TopicDescription => ({
  type: 'Thing',
  key: ['id'],
  cleanup: 'COMPACT',
  partitions: null,
  onInvalid: 'DEAD_LETTER',
  fields: [],
  indexes: [],
  entityKeys: [],
  ...overrides,
});
