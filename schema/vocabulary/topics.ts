import type { ConstDirectiveNode } from 'graphql';
import { maximumPartitions } from '../cursor/format.ts';
import type { Cleanup, OnInvalid, RecordField, RecordFieldType, TopicDescription } from '../description.ts';
import { didYouMean } from '../mistakes/index.ts';
import { heldBy } from './argument-types.ts';
import { eachFieldWith, eachTypeWith, type RuleContext, type Topics } from './context.ts';
import {
  argumentValue,
  directiveOf,
  entityKeysOf,
  type ObjectModel,
  textArgument,
  textsArgument,
} from './model.ts';
import { recordFieldsOf } from './record-fields.ts';

/** Every type with @topic. `indexes` has the fields with @index only; views add theirs. */
export const describeTopics = (context: RuleContext): Topics => {
  const topics = new Map<string, TopicDescription>();
  const byName = new Map<string, string>();
  eachTypeWith(context, 'topic', (type, node) => {
    const topic = describeTopic(context, type, node);
    topics.set(type.name, topic);
    const other = byName.get(topic.name);
    if (other !== undefined) {
      context.mistakes.add(
        node,
        `Topic "${topic.name}" already fills ${other}.`,
        `Give ${type.name} a topic of its own.`,
      );
    }
    byName.set(topic.name, type.name);
  });
  checkIndexPlaces(context, topics);
  return topics;
};

const describeTopic = (
  context: RuleContext,
  type: ObjectModel,
  node: ConstDirectiveNode,
): TopicDescription => {
  const fields = recordFieldsOf(context, type);
  const name = textArgument(node, 'name') ?? '';
  const cleanup: Cleanup = textArgument(node, 'cleanup') === 'COMPACT' ? 'COMPACT' : 'DELETE';
  const partitions = argumentValue(node, 'partitions');
  const key = textsArgument(node, 'key');
  checkName(context, node, name);
  checkPartitions(context, node, partitions);
  checkKey(context, type, node, key, cleanup, fields);
  checkEntityKeys(context, type, key, cleanup);
  return {
    type: type.name,
    name,
    key,
    cleanup,
    partitions: typeof partitions === 'number' ? partitions : null,
    onInvalid: (textArgument(node, 'onInvalid') ?? 'DEAD_LETTER') as OnInvalid,
    fields,
    indexes: fields
      .map((field) => field.name)
      .filter((field) => directiveOf(type.fields.get(field) ?? {}, 'index') !== undefined),
    entityKeys: entityKeysOf(type).flatMap(({ fields: set, resolvable }) =>
      resolvable && set !== null ? [set] : [],
    ),
  };
};

const checkName = ({ mistakes }: RuleContext, node: ConstDirectiveNode, name: string): void => {
  // A missing or empty name is told by the check of arguments, or here; Kafka refuses the others.
  if (textArgument(node, 'name') === null) return;
  if (/^[a-zA-Z0-9._-]{1,249}$/.test(name) && name !== '.' && name !== '..') return;
  mistakes.add(
    node,
    `"${name}" is no name of a Kafka topic.`,
    'Use 1 to 249 letters, digits, dots, underscores and hyphens.',
  );
};

const checkPartitions = ({ mistakes }: RuleContext, node: ConstDirectiveNode, partitions: unknown): void => {
  if (typeof partitions !== 'number' || (partitions >= 1 && partitions <= maximumPartitions)) return;
  mistakes.add(
    node,
    `A topic cannot have ${partitions} partitions.`,
    `Give a number from 1 to ${maximumPartitions}.`,
  );
};

const checkKey = (
  { mistakes }: RuleContext,
  type: ObjectModel,
  node: ConstDirectiveNode,
  key: readonly string[],
  cleanup: Cleanup,
  fields: readonly RecordField[],
): void => {
  if (argumentValue(node, 'key') === undefined && cleanup === 'COMPACT') {
    const entityKey = entityKeysOf(type)[0]?.fields ?? null;
    const value = entityKey === null ? '"id"' : asArgument(entityKey);
    mistakes.add(
      node,
      `${type.name} has a COMPACT topic without a key; Kafka keeps the latest record of each key.`,
      `Add the field that is the record key, such as key: ${value}.`,
    );
  }
  const names = fields.map((field) => field.name);
  for (const name of key) {
    const field = fields.find((candidate) => candidate.name === name);
    if (field === undefined) {
      mistakes.add(
        node,
        `The key names "${name}", which is no record field of ${type.name}.`,
        didYouMean(name, names, `Name one of its record fields: ${names.join(', ')}.`),
      );
    } else if (!isSingleValue(field.type)) {
      mistakes.add(
        node,
        `${type.name}.${name} is ${field.type.kind === 'list' ? 'a list' : 'an object'} and cannot be a record key.`,
        'Name a scalar, an enum or an entity with one key field.',
      );
    }
  }
};

/** A reference by several key fields is an object in the record. */
const isSingleValue = (type: RecordFieldType): boolean =>
  type.kind === 'scalar' || type.kind === 'enum' || (type.kind === 'reference' && type.key.length === 1);

const asArgument = (fields: readonly string[]): string =>
  fields.length === 1 ? `"${fields[0]}"` : `[${fields.map((field) => `"${field}"`).join(', ')}]`;

/** `_entities` finds a row by its record key alone. */
const checkEntityKeys = (
  { mistakes, resolved }: RuleContext,
  type: ObjectModel,
  key: readonly string[],
  cleanup: Cleanup,
): void => {
  if (resolved?.has(`${type.name}.__resolveReference`)) return;
  for (const { fields, resolvable, node } of entityKeysOf(type)) {
    if (!resolvable) continue;
    if (fields === null) {
      mistakes.add(
        node,
        `A @key of ${type.name} selects fields of an object, which no record key can hold.`,
        'Name fields of the type itself.',
      );
    } else if (cleanup === 'DELETE') {
      mistakes.add(
        node,
        `${type.name} is an entity, but its topic is not COMPACT, so there is no view to find it in.`,
        'Add cleanup: COMPACT to @topic, or resolvable: false to @key.',
      );
    } else if (key.length > 0 && [...fields].sort().join() !== [...key].sort().join()) {
      mistakes.add(
        node,
        `The @key "${fields.join(' ')}" of ${type.name} is not its record key "${key.join(' ')}", so no row can be found by it.`,
        `Write fields: "${key.join(' ')}", add resolvable: false, or write a resolver ${type.name}.__resolveReference.`,
      );
    }
  }
};

const checkIndexPlaces = (context: RuleContext, topics: Topics): void => {
  eachFieldWith(context, 'index', (parent, field, node) => {
    const topic = topics.get(parent.name);
    const recordField = topic?.fields.find(({ name }) => name === field.name.value);
    const coordinate = `${parent.name}.${field.name.value}`;
    if (topic === undefined) {
      context.mistakes.add(
        node,
        `@index of ${coordinate} has no effect, because ${parent.name} has no @topic.`,
        'Remove it, or add @topic to the type.',
      );
    } else if (recordField === undefined) {
      context.mistakes.add(
        node,
        `@index of ${coordinate} has no effect, because no record fills the field.`,
        'Remove it.',
      );
    } else if (recordField.type.kind === 'list' || recordField.type.kind === 'object') {
      context.mistakes.add(
        node,
        `${coordinate} cannot be indexed, because it is ${heldBy(recordField.type)}.`,
        'Remove @index.',
      );
    }
  });
};
