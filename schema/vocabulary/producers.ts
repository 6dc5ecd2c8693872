import {
  type ASTNode,
  type ConstDirectiveNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  print,
} from 'graphql';
import type { ProducerDescription, RecordFieldType, TopicDescription } from '../description.ts';
import { didYouMean } from '../mistakes/index.ts';
import { expectedType, fits, heldBy } from './argument-types.ts';
import { eachFieldWith, type RuleContext, type Topics } from './context.ts';
import { type ObjectModel, shapeOf, type TypeShape, textArgument } from './model.ts';

/** Arguments that every mutation may have and that fill no field (S25), with the type that an append without code takes. */
const reserved: ReadonlyMap<string, string> = new Map([
  ['idempotencyKey', 'ID'],
  ['ifPosition', '[Float!]'],
]);

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
  context: RuleContext,
  coordinate: string,
  field: FieldDefinitionNode,
  topic: TopicDescription,
): ProducerDescription['arguments'] => {
  if (context.resolved?.has(coordinate)) return [];
  const given = (field.arguments ?? []).filter(({ name }) => !reserved.has(name.value));
  const reasons = reasonsAgainst(context, coordinate, field, given, topic);
  if (reasons.length === 0) return given.map(({ name }) => ({ argument: name.value, field: name.value }));
  // Where the code is not known, what cannot be a plain append is taken to have a resolver.
  if (context.resolved !== null) {
    for (const { node, message, cure } of reasons) {
      context.mistakes.add(node, message, `${cure}, or write a resolver ${coordinate}.`);
    }
  }
  return [];
};

interface Reason {
  readonly node: ASTNode;
  readonly message: string;
  readonly cure: string;
}

/** Why arguments do not make a record: they fill no field, have another type, or leave out what a record must have. */
const reasonsAgainst = (
  context: RuleContext,
  coordinate: string,
  field: FieldDefinitionNode,
  given: readonly InputValueDefinitionNode[],
  topic: TopicDescription,
): readonly Reason[] => {
  const writable = new Map(
    topic.fields.filter(({ source }) => source.kind === 'value').map(({ name, type }) => [name, type]),
  );
  const perArgument = given.flatMap((argument): Reason[] => {
    const name = argument.name.value;
    const type = writable.get(name);
    if (type === undefined) {
      const message = `Argument "${name}" of ${coordinate} fills no field of ${topic.type}.`;
      return [{ node: argument, message, cure: `Name it like one of ${[...writable.keys()].join(', ')}` }];
    }
    if (holds(context, shapeOf(argument.type), type)) return [];
    const message = `Argument "${name}" of ${coordinate} has the type ${print(argument.type)}, but "${name}" holds ${heldBy(type)}.`;
    return [{ node: argument.type, message, cure: `Write ${expectedType(context, type)}` }];
  });
  const names = given.map(({ name }) => name.value);
  perArgument.push(...reasonsOfReserved(coordinate, field, topic));
  const missing = [...writable].filter(
    ([name, type]) => !names.includes(name) && !needsNoArgument(name, type, topic),
  );
  if (missing.length === 0) return perArgument;
  const message = `${coordinate} appends a ${topic.type} without ${missing.map(([name]) => name).join(', ')}.`;
  return [...perArgument, { node: field, message, cure: 'Add arguments for them' }];
};

/** A key that is an ID is made for the record. */
const needsNoArgument = (name: string, type: RecordFieldType, topic: TopicDescription): boolean =>
  topic.key.includes(name) ? type.kind === 'scalar' && type.name === 'ID' : !type.nonNull;

/** Both look at what the view holds of the key. Without a view they would be taken and mean nothing. */
const reasonsOfReserved = (
  coordinate: string,
  field: FieldDefinitionNode,
  topic: TopicDescription,
): readonly Reason[] =>
  (field.arguments ?? []).flatMap((argument): Reason[] => {
    const name = argument.name.value;
    const type = reserved.get(name);
    if (type === undefined) return [];
    if (topic.cleanup !== 'COMPACT') {
      const message = `Argument "${name}" of ${coordinate} needs a view, but the topic of ${topic.type} is not COMPACT.`;
      return [{ node: argument, message, cure: 'Remove it' }];
    }
    const written = print(argument.type);
    if (written === type || written === `${type}!`) return [];
    const message = `Argument "${name}" of ${coordinate} has the type ${written}.`;
    return [{ node: argument.type, message, cure: `Write ${type}` }];
  });

/** Whether an argument can be the value of a field; an input object is taken to have the members of the object. */
const holds = (context: RuleContext, given: TypeShape, type: RecordFieldType): boolean => {
  if (type.kind === 'list') return given.item !== null && holds(context, given.item, type.item);
  if (given.item !== null) return false;
  return type.kind === 'object' ? context.model.inputs.has(given.name) : fits(context, given.name, type);
};
