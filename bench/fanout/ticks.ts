import { ProduceAcks, Producer, stringSerializers } from '@platformatic/kafka';
import { atTimes, type Pace } from './pace.ts';

/** Bytes of a record's value. */
const recordBytes = 300;

/** A tick as its record has it, with the time at which it is made. */
export const tickOf = (number: number, key: string): Readonly<Record<string, string>> => {
  const sentAt = String(process.hrtime.bigint() / 1000n);
  const tick = { id: `t${number}`, key, sentAt, product: `p${number}`, text: '' };
  return { ...tick, text: 'x'.repeat(Math.max(0, recordBytes - JSON.stringify(tick).length)) };
};

/**
 * Connects a client that is not ours, and gives what writes ticks to the topic; it resolves when Kafka has them all. Not
 * kafkajs: it wakes up 600 times a second between sends, on the processors of what is measured.
 */
export const connectTicks = async (
  brokers: string,
  topic: string,
  stack: AsyncDisposableStack,
): Promise<(pace: Pace, keyOf?: (number: number) => string) => Promise<void>> => {
  const producer = new Producer({
    clientId: 'bench',
    bootstrapBrokers: brokers.split(','),
    serializers: stringSerializers,
    acks: ProduceAcks.ALL,
  });
  stack.defer(() => producer.close());
  let number = 0;
  return async (pace, keyOf = () => 'k0') => {
    const sending: Promise<unknown>[] = [];
    await atTimes(pace, async (count) => {
      const messages = Array.from({ length: count }, () => {
        const key = keyOf(number);
        return { topic, key, value: JSON.stringify(tickOf(number++, key)) };
      });
      // Not awaited: a slow answer of the broker must not slow the pace.
      sending.push(producer.send({ messages }));
    });
    await Promise.all(sending);
  };
};
