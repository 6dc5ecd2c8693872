import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { atTimes, type Pace } from './pace.ts';

/** Bytes of a record's value. */
const recordBytes = 300;

/** A tick as its record has it, with the time at which it is made. */
export const tickOf = (number: number, key: string): Readonly<Record<string, string>> => {
  const sentAt = String(process.hrtime.bigint() / 1000n);
  const tick = { id: `t${number}`, key, sentAt, product: `p${number}`, text: '' };
  return { ...tick, text: 'x'.repeat(Math.max(0, recordBytes - JSON.stringify(tick).length)) };
};

/** Connects a client that is not ours, and gives what writes ticks to the topic; it resolves when Kafka has them all. */
export const connectTicks = async (
  brokers: string,
  topic: string,
  stack: AsyncDisposableStack,
): Promise<(pace: Pace, keyOf?: (number: number) => string) => Promise<void>> => {
  const kafka = new Kafka({ clientId: 'bench', brokers: brokers.split(','), logLevel: logLevel.ERROR });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  stack.defer(() => producer.disconnect());
  let number = 0;
  return async (pace, keyOf = () => 'k0') => {
    const sending: Promise<unknown>[] = [];
    await atTimes(pace, async (count) => {
      const messages = Array.from({ length: count }, () => {
        const key = keyOf(number);
        return { key, value: JSON.stringify(tickOf(number++, key)) };
      });
      // Not awaited: a slow answer of the broker must not slow the pace.
      sending.push(producer.send({ topic, acks: -1, messages }));
    });
    await Promise.all(sending);
  };
};
