export {
  type CreateTopicOptions,
  createTopicIfMissing,
  type EnsureTopicsOptions,
  ensureTopics,
} from './admin.ts';
export type { KafkaClientOptions } from './kafkajs-client.ts';
export { partitionOfKey } from './murmur2.ts';
export { type OpenTopicOptions, openTopic } from './open-topic.ts';
export { createProducer, type Producer, type ProducerRecord, type WrittenRecord } from './producer.ts';
export type { Reader, ReaderSink, Topic } from './topic.ts';
export { untilLed } from './topic-leaders.ts';
