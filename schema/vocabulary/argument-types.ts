import type { RecordField, RecordFieldType } from '../description.ts';
import type { RuleContext } from './context.ts';
import { shapeOf } from './model.ts';

/** Whether a value of the input type `given` can be compared with, or written to, a field of this type. */
export const fits = (context: RuleContext, given: string, type: RecordFieldType): boolean => {
  if (type.kind === 'scalar') return sameScalar(given, type.name);
  if (type.kind === 'enum') return given === type.name;
  if (type.kind !== 'reference') return false;
  const [only] = type.key;
  if (type.key.length === 1 && only !== undefined) {
    return sameScalar(given, keyFieldType(context, type.name, only));
  }
  const input = context.model.inputs.get(given);
  return input !== undefined && [...input.keys()].sort().join() === [...type.key].sort().join();
};

/** Null when a record field can be compared with a key field of an entity, else what it holds instead. */
export const notKeyOf = (
  context: RuleContext,
  { type }: RecordField,
  entity: string,
  keyField: string,
): string | null => {
  if (type.kind === 'reference') return type.name === entity ? null : heldBy(type);
  const isKey = type.kind === 'scalar' && sameScalar(type.name, keyFieldType(context, entity, keyField));
  return isKey ? null : heldBy(type);
};

/** An ID is a String on the wire and in records. */
const sameScalar = (a: string, b: string): boolean =>
  a === b || ((a === 'ID' || a === 'String') && (b === 'ID' || b === 'String'));

const keyFieldType = ({ model }: RuleContext, entity: string, keyField: string): string => {
  const field = model.objects.get(entity)?.fields.get(keyField);
  return field === undefined ? 'ID' : shapeOf(field.type).name;
};

/** How the input type for a field of this type is written. */
export const expectedType = (context: RuleContext, type: RecordFieldType): string => {
  if (type.kind === 'list') return `[${expectedType(context, type.item)}!]`;
  if (type.kind === 'object') return `an input with the fields of ${type.name}`;
  if (type.kind !== 'reference') return type.name;
  const [only] = type.key;
  if (type.key.length === 1 && only !== undefined) return keyFieldType(context, type.name, only);
  return `an input with the fields ${type.key.join(', ')}`;
};

/** What a record has in a field of this type, in words. */
export const heldBy = (type: RecordFieldType): string => {
  if (type.kind === 'list') return 'a list';
  if (type.kind === 'object') return 'an object';
  return type.kind === 'reference' ? `the key of ${type.name}` : type.name;
};
