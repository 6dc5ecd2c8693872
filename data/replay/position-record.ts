import { openTopic } from '../../subgraphs/kit/kafka/index.ts';
import type { Position } from './cycle.ts';
import { stepKinds } from './step.ts';

/** The clock of the replay and its position, as they stand on the position topic under the replay's name. */
export const encodePosition = (name: string, { at, subject, kind }: Position, speed: number): string =>
  JSON.stringify({
    name,
    at: new Date(at).toISOString(),
    subject,
    kind,
    speed: Number.isFinite(speed) ? speed : null,
  });

const decodePosition = (value: Buffer): Position => {
  // Positions were of flights alone before the weather came in.
  const {
    at,
    kind,
    flight,
    subject = flight,
  } = JSON.parse(value.toString()) as Readonly<Record<string, unknown>>;
  const time = Date.parse(String(at));
  const known = stepKinds.find((each) => each === kind);
  if (Number.isNaN(time) || typeof subject !== 'string' || known === undefined) {
    throw new Error(`it holds ${value}`);
  }
  return { at: time, subject, kind: known };
};

/** The position that was written last under this name; null where there is none. Throws for one that cannot be read. */
export const readPosition = async (
  brokers: readonly string[],
  topicName: string,
  name: string,
): Promise<Position | null> => {
  const topic = await openTopic({ brokers, clientId: `replay-${name}`, name: topicName });
  try {
    let last: Buffer | null = null;
    const range = topic.readRange(await topic.earliest(), await topic.latest(), AbortSignal.timeout(30_000));
    for await (const { records } of range) {
      last = records.findLast(({ key }) => key?.toString() === name)?.value ?? last;
    }
    return last === null ? null : decodePosition(last);
  } catch (error) {
    throw new Error(`The position of the replay on ${topicName} cannot be read. Start with --reset.`, {
      cause: error,
    });
  } finally {
    await topic.close();
  }
};
