export { type OpenTopicOptions, openTopic } from './open-topic.ts';
export type { Reader, ReaderSink, Topic } from './topic.ts';
