import { parseKeyParts } from './value-reader.ts';

/** The record key of key values, in the order of the fields: one field is its text, several a JSON array of their texts. */
export const recordKey = (values: readonly unknown[]): string => {
  const [only] = values;
  return values.length === 1 ? keyText(only) : JSON.stringify(values.map(keyText));
};

/** The text of one key value. A reference with several key fields is a JSON array of them, as a record key is. */
export const keyText = (value: unknown): string =>
  typeof value === 'object' && value !== null ? recordKey(Object.values(value)) : String(value);

/** The texts of the fields that a record key holds, null where it does not hold as many. The reverse of `recordKey`. */
export const keyParts = (text: string, fields: number): readonly string[] | null =>
  fields === 1 ? [text] : parseKeyParts(text, fields);
