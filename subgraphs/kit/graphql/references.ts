import type { RecordFieldType, TopicDescription } from '../../../schema/description.ts';
import type { RequestContext } from '../context.ts';
import { recordKey } from '../decode/record-key.ts';
import type { Row } from '../records.ts';

type Representation = Readonly<Record<string, unknown>>;

/** The key fields of an entity from what a row holds: the bare key, or an object of several (schema/description.ts). */
export const referenceKey = (
  reference: Extract<RecordFieldType, { kind: 'reference' }>,
  held: unknown,
): Representation => {
  const [only, ...more] = reference.key;
  return only !== undefined && more.length === 0 ? { [only]: held } : (held as Representation);
};

/** The record key of key values; null where one is missing, since no record has such a key. */
export const givenKey = (values: readonly unknown[]): string | null =>
  values.some((value) => value === null || value === undefined) ? null : recordKey(values);

/** The entity of a representation, by its record key: the vocabulary takes no other `@key` without a resolver. */
export const resolveReference =
  (topic: TopicDescription) =>
  async (representation: Representation, context: RequestContext): Promise<Row | null> => {
    const key = givenKey(topic.key.map((field) => representation[field]));
    const row = key === null ? null : await context.load(topic.type, key);
    // A copy: @apollo/subgraph writes __typename on what it is given, and rows are shared.
    return row === null ? null : { __typename: topic.type, ...row };
  };
