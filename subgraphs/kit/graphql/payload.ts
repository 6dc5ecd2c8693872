import type { StreamDescription } from '../../../schema/description.ts';
import { unreadable } from '../context.ts';
import type { Delivery } from '../stream/event.ts';

/** What the root field of a subscription resolves from: the row, or the change by the names that its type gives. */
export const payloadOf = ({ change, type }: StreamDescription, delivery: Delivery): unknown => {
  if (change === null) return delivery.row;
  const { kindField, keyField, valueField } = change;
  return {
    [kindField]: delivery.kind,
    ...(keyField === null ? {} : { [keyField]: delivery.key }),
    ...(valueField === null
      ? {}
      : { [valueField]: delivery.unreadable ? refusal(type, delivery) : delivery.row }),
  };
};

/** graphql-js calls a property that is a function: the field then has an error, and the rest of the change arrives. */
const refusal =
  (type: string, { key, at }: Delivery) =>
  (): never => {
    throw unreadable(type, { key: key ?? '', partition: at?.[0] ?? -1, offset: at?.[1] ?? -1 });
  };
