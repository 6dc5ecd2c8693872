import type { ConstDirectiveNode, FieldDefinitionNode } from 'graphql';
import type { ChangeDescription } from '../description.ts';
import { didYouMean } from '../mistakes/index.ts';
import { eachTypeWith, type RuleContext, type Topics } from './context.ts';
import { type ObjectModel, shapeOf, textArgument } from './model.ts';

/** Every type with @change, by its name. */
export const describeChanges = (
  context: RuleContext,
  topics: Topics,
): ReadonlyMap<string, ChangeDescription> => {
  const changes = new Map<string, ChangeDescription>();
  eachTypeWith(context, 'change', (type, node) => {
    const change = describeChange(context, topics, type, node);
    if (change !== null) changes.set(type.name, change);
  });
  return changes;
};

const describeChange = (
  context: RuleContext,
  topics: Topics,
  type: ObjectModel,
  node: ConstDirectiveNode,
): ChangeDescription | null => {
  const of = textArgument(node, 'of');
  if (of === null) return null;
  const topic = topics.get(of);
  if (topic === undefined) {
    context.mistakes.add(
      node,
      `@change(of: "${of}") names no type with @topic.`,
      didYouMean(of, topics.keys(), 'Name a type of this subgraph that has a COMPACT topic.'),
    );
  } else if (topic.cleanup !== 'COMPACT') {
    context.mistakes.add(
      node,
      `${of} has no COMPACT topic, so its records are events and not changes of rows.`,
      `Add cleanup: COMPACT to @topic of ${of}, or stream ${of} itself.`,
    );
  }
  return readParts(context, type, node, of);
};

/** Which field is what is told by its type: the kind by ChangeKind, the row by `of`, the key by ID or String. */
const readParts = (
  { mistakes }: RuleContext,
  type: ObjectModel,
  node: ConstDirectiveNode,
  of: string,
): ChangeDescription => {
  const parts: Record<'kind' | 'key' | 'value', string | null> = { kind: null, key: null, value: null };
  for (const field of type.fields.values()) {
    const part = partOf(field, of);
    if (part === null || parts[part] !== null) {
      mistakes.add(
        field,
        `Nothing fills ${type.name}.${field.name.value}: a change has one field each of types ChangeKind, ID and ${of}.`,
        'Remove the field.',
      );
      continue;
    }
    parts[part] = field.name.value;
    if (part !== 'kind' && shapeOf(field.type).nonNull) {
      mistakes.add(
        field.type,
        `${type.name}.${field.name.value} must be nullable: RESET and UP_TO_DATE carry no ${part}.`,
        'Remove the "!".',
      );
    }
  }
  if (parts.kind === null) {
    mistakes.add(
      node,
      `${type.name} has no field of type ChangeKind, so a client could not tell a delete from an update.`,
      'Add kind: ChangeKind!',
    );
  }
  return {
    type: type.name,
    of,
    kindField: parts.kind ?? 'kind',
    keyField: parts.key,
    valueField: parts.value,
  };
};

const partOf = (field: FieldDefinitionNode, of: string): 'kind' | 'key' | 'value' | null => {
  const { name, item } = shapeOf(field.type);
  if (item !== null) return null;
  if (name === 'ChangeKind') return 'kind';
  if (name === of) return 'value';
  return name === 'ID' || name === 'String' ? 'key' : null;
};
