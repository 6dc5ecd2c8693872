import type { ConstDirectiveNode, FieldDefinitionNode } from 'graphql';
import type { ProducerDescription, TopicDescription } from '../description.ts';
import { didYouMean } from '../mistakes/index.ts';
import { eachFieldWith, type RuleContext, type Topics } from './context.ts';
import { type ObjectModel, shapeOf, textArgument } from './model.ts';

/** Arguments that every mutation may have and that fill no field (S25). */
const reserved = new Set(['idempotencyKey', 'ifPosition']);

/** Every field with @produce that can be served. */
export const describeProducers = (context: RuleContext, topics: Topics): readonly ProducerDescription[] => {
  const producers: ProducerDescription[] = [];
  eachFieldWith(context, 'produce', (parent, field, node) => {
    const producer = describeProducer(context, topics, parent, field, node);
    if (producer !== null) producers.push(producer);
  });
  return producers;
};

const describeProducer = (
  context: RuleContext,
  topics: Topics,
  parent: ObjectModel,
  field: FieldDefinitionNode,
  node: ConstDirectiveNode,
): ProducerDescription | null => {
  const { model, mistakes } = context;
  const coordinate = `${parent.name}.${field.name.value}`;
  if (parent.name !== model.roots.mutation) {
    mistakes.add(
      node,
      `${coordinate} has @produce, but only fields of ${model.roots.mutation} write.`,
      `Move the field to ${model.roots.mutation}, or remove @produce.`,
    );
    return null;
  }
  const type = textArgument(node, 'type') ?? shapeOf(field.type).name;
  const topic = topics.get(type);
  if (topic === undefined) {
    mistakes.add(
      node,
      `${coordinate} has @produce, but ${type} has no @topic.`,
      didYouMean(
        type,
        topics.keys(),
        'Name the type whose topic is written, such as @produce(type: "Flight").',
      ),
    );
    return null;
  }
  return { field: field.name.value, type, arguments: appended(context, coordinate, field, topic) };
};

/** The fields that the arguments fill, or none where a resolver makes the record. */
const appended = (
  { resolved, mistakes }: RuleContext,
  coordinate: string,
  field: FieldDefinitionNode,
  topic: TopicDescription,
): ProducerDescription['arguments'] => {
  if (resolved?.has(coordinate)) return [];
  const writable = topic.fields.filter(({ source }) => source.kind === 'value').map(({ name }) => name);
  const names = (field.arguments ?? []).map(({ name }) => name.value).filter((name) => !reserved.has(name));
  const unknown = names.filter((name) => !writable.includes(name));
  const missingKey = topic.key.filter((name) => !names.includes(name));
  const missing = topic.fields.filter(
    ({ name, type, source }) => source.kind === 'value' && type.nonNull && !names.includes(name),
  );
  if (unknown.length === 0 && missingKey.length === 0 && missing.length === 0) {
    return names.map((name) => ({ argument: name, field: name }));
  }
  if (resolved === null) return [];
  for (const name of unknown) {
    mistakes.add(
      field.arguments?.find((argument) => argument.name.value === name),
      `Argument "${name}" of ${coordinate} fills no field of ${topic.type}.`,
      didYouMean(name, writable, `Name it like a record field, or write a resolver ${coordinate}.`),
    );
  }
  const needed = [...new Set([...missingKey, ...missing.map(({ name }) => name)])];
  if (needed.length > 0) {
    mistakes.add(
      field,
      `${coordinate} appends a ${topic.type} without ${needed.join(', ')}.`,
      `Add arguments for them, or write a resolver ${coordinate}.`,
    );
  }
  return [];
};
