import { protocolErrorsCodesById } from '@platformatic/kafka';

/** The Kafka error codes that the reader tells apart. */
export const kafkaCode = {
  none: 0,
  offsetOutOfRange: 1,
  unknownTopic: 3,
  unknownTopicId: 100,
} as const;

/** Leadership is moving, or the broker does not know yet what the controller does: fresh metadata, then again. No outage. */
const passing = new Set([3, 5, 6, 9, 74, 75, 78, 100, 103]);

export const isPassing = (code: number): boolean => passing.has(code);

/** Name of a Kafka error code, as in the protocol guide. */
export const nameOfCode = (code: number): string => {
  const names: Readonly<Record<string, string>> = protocolErrorsCodesById;
  return names[String(code)] ?? `error ${code}`;
};
