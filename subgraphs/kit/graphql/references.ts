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

/** The entity of a representation, from the view: by record key where it has one, else by the key's index. */
export const resolveReference =
  (topic: TopicDescription) =>
  async (representation: Representation, context: RequestContext): Promise<Row | null> => {
    const row = topic.key.every((field) => representation[field] !== undefined)
      ? await context.load(topic.type, recordKey(topic.key.map((field) => representation[field])))
      : await byOtherKey(topic, representation, context);
    // A copy: @apollo/subgraph writes __typename on what it is given, and rows are shared.
    return row === null ? null : { __typename: topic.type, ...row };
  };

const byOtherKey = async (
  topic: TopicDescription,
  representation: Representation,
  context: RequestContext,
): Promise<Row | null> => {
  const key =
    topic.entityKeys.find((fields) => fields.every((field) => representation[field] !== undefined)) ?? [];
  const conditions = key.map((field) => ({
    field,
    operator: 'EQUAL' as const,
    value: representation[field],
  }));
  const page = await context.page(topic.type, { conditions, orderBy: [], first: 1, after: null });
  return page.rows[0]?.row ?? null;
};
