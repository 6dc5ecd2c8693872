import type { ConstDirectiveNode, FieldDefinitionNode } from 'graphql';
import type { RecordField, RecordFieldType, RecordSource } from '../description.ts';
import { heldBy } from './argument-types.ts';
import type { RuleContext } from './context.ts';
import {
  argumentValue,
  directiveOf,
  entityKeysOf,
  type ObjectModel,
  shapeOf,
  type TypeShape,
  textArgument,
} from './model.ts';

/**
 * The fields of a type that a record fills: those without arguments, without @view and @external, that no resolver
 * gives, and whose type a record can hold.
 */
export const recordFieldsOf = (
  context: RuleContext,
  type: ObjectModel,
  within: readonly string[] = [],
): readonly RecordField[] =>
  [...type.fields.values()].flatMap((field) => {
    const why = notFilledBecause(context, type, field);
    if (why !== null) {
      const record = directiveOf(field, 'record');
      if (record !== undefined) {
        context.mistakes.add(
          record,
          `No record fills ${type.name}.${field.name.value}, because ${why}.`,
          'Remove @record.',
        );
      }
      return [];
    }
    const fieldType = fieldTypeOf(context, shapeOf(field.type), field, [...within, type.name]);
    if (fieldType === null) return [];
    const source = sourceOf(context, type, field, fieldType, within.length > 0);
    return [{ name: field.name.value, source, type: fieldType }];
  });

const notFilledBecause = (
  { resolved }: RuleContext,
  type: ObjectModel,
  field: FieldDefinitionNode,
): string | null => {
  if ((field.arguments ?? []).length > 0) return 'it has arguments';
  if (directiveOf(field, 'view') !== undefined) return 'it has @view';
  if (directiveOf(field, 'external') ?? directiveOf(field, 'federation__external')) return 'it is @external';
  if (resolved?.has(`${type.name}.${field.name.value}`)) return 'a resolver gives it';
  return null;
};

/** Null for a type that no record can hold. Unknown types are graphql-js's to tell. */
const fieldTypeOf = (
  context: RuleContext,
  { name, nonNull, item }: TypeShape,
  field: FieldDefinitionNode,
  within: readonly string[],
): RecordFieldType | null => {
  const { model, mistakes, resolved } = context;
  if (item !== null) {
    const inner = fieldTypeOf(context, item, field, within);
    return inner === null ? null : { kind: 'list', item: inner, nonNull };
  }
  if (model.scalars.has(name)) return { kind: 'scalar', name, nonNull };
  const values = model.enums.get(name);
  if (values !== undefined) return { kind: 'enum', name, values, nonNull };
  const object = model.objects.get(name);
  if (object === undefined) {
    if (model.abstracts.has(name) && resolved !== null) {
      mistakes.add(
        field.type,
        `No record can hold ${name}, which is an interface or a union.`,
        'Return one object type, or write a resolver for the field.',
      );
    }
    return null;
  }
  const [entityKey] = entityKeysOf(object);
  if (entityKey !== undefined) {
    return entityKey.fields === null ? null : { kind: 'reference', name, key: entityKey.fields, nonNull };
  }
  if (within.includes(name)) {
    mistakes.add(
      field.type,
      `${name} contains itself, so no record can hold all of it.`,
      `Give ${name} a @key, so that the record holds its key, or write a resolver for the field.`,
    );
    return null;
  }
  return { kind: 'object', name, fields: recordFieldsOf(context, object, within), nonNull };
};

const sourceOf = (
  context: RuleContext,
  type: ObjectModel,
  field: FieldDefinitionNode,
  fieldType: RecordFieldType,
  nested: boolean,
): RecordSource => {
  const own: RecordSource = { kind: 'value', path: [field.name.value] };
  const record = directiveOf(field, 'record');
  if (record === undefined) return own;
  const coordinate = `${type.name}.${field.name.value}`;
  const given = ['field', 'part', 'header'].filter((name) => argumentValue(record, name) !== undefined);
  if (given.length !== 1) {
    context.mistakes.add(
      record,
      `@record of ${coordinate} has ${given.length === 0 ? 'no argument' : given.join(' and ')}.`,
      'Give one of field, part and header.',
    );
    return own;
  }
  if (nested && given[0] !== 'field') {
    context.mistakes.add(
      record,
      `${coordinate} lies within a record's value, so it has no ${given[0]} of its own.`,
      'Move the field to the type with @topic.',
    );
    return own;
  }
  return readSource(context, record, coordinate, fieldType) ?? own;
};

const readSource = (
  context: RuleContext,
  record: ConstDirectiveNode,
  coordinate: string,
  type: RecordFieldType,
): RecordSource | null => {
  const path = textArgument(record, 'field');
  if (path !== null) {
    if (path.split('.').every((member) => member !== '')) return { kind: 'value', path: path.split('.') };
    context.mistakes.add(
      record,
      `"${path}" is no path in a record's value.`,
      'Write members separated by dots, such as "origin" or "route.origin".',
    );
    return null;
  }
  const header = textArgument(record, 'header');
  const part = textArgument(record, 'part');
  if (header === null && part === null) return null;
  if (type.kind === 'list' || type.kind === 'object') {
    context.mistakes.add(
      record,
      `${coordinate} is ${heldBy(type)}, and ${header === null ? part : 'a header'} is a single value.`,
      'Return a scalar.',
    );
    return null;
  }
  if (header !== null) return { kind: 'header', header };
  return partSource(context, record, coordinate, type, part ?? '');
};

const partSource = (
  context: RuleContext,
  record: ConstDirectiveNode,
  coordinate: string,
  type: RecordFieldType,
  part: string,
): RecordSource | null => {
  if (type.kind === 'scalar' && type.name === 'Int' && (part === 'OFFSET' || part === 'TIMESTAMP')) {
    context.mistakes.add(
      record,
      `${coordinate} is an Int, which ends at 2147483647; ${part} goes beyond.`,
      part === 'OFFSET' ? 'Return String or Float.' : 'Return DateTime or Float.',
    );
    return null;
  }
  const kinds = { KEY: 'key', OFFSET: 'offset', PARTITION: 'partition', TIMESTAMP: 'timestamp' } as const;
  return part in kinds ? { kind: kinds[part as keyof typeof kinds] } : null;
};
