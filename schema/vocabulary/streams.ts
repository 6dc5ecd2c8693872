import type { ConstDirectiveNode, FieldDefinitionNode } from 'graphql';
import type { ChangeDescription, StreamDescription } from '../description.ts';
import { cureForNoTopic, eachFieldWith, type RuleContext, type Topics } from './context.ts';
import { parseDuration } from './duration.ts';
import { describeFilter } from './filters.ts';
import { argumentValue, type ObjectModel, shapeOf, textArgument } from './model.ts';

type Changes = ReadonlyMap<string, ChangeDescription>;

/** Every field with @consume that can be served. */
export const describeStreams = (
  context: RuleContext,
  topics: Topics,
  changes: Changes,
): readonly StreamDescription[] => {
  const streams: StreamDescription[] = [];
  eachFieldWith(context, 'consume', (parent, field, node) => {
    const stream = describeStream(context, topics, changes, parent, field, node);
    if (stream !== null) streams.push(stream);
  });
  return streams;
};

const describeStream = (
  context: RuleContext,
  topics: Topics,
  changes: Changes,
  parent: ObjectModel,
  field: FieldDefinitionNode,
  node: ConstDirectiveNode,
): StreamDescription | null => {
  const { model, mistakes } = context;
  const coordinate = `${parent.name}.${field.name.value}`;
  if (parent.name !== model.roots.subscription) {
    mistakes.add(
      node,
      `${coordinate} has @consume, but only fields of ${model.roots.subscription} are streams.`,
      `Move the field to ${model.roots.subscription}, or write @view.`,
    );
    return null;
  }
  const payload = shapeOf(field.type);
  const change = changes.get(payload.name) ?? null;
  const topic = topics.get(change?.of ?? payload.name);
  if (topic === undefined || payload.item !== null) {
    // A @change of nothing has been told at the type.
    if (change === null || payload.item !== null) {
      mistakes.add(
        field.type,
        `${coordinate} must return one type with @topic or @change, which ${payload.item === null ? payload.name : 'a list'} is not.`,
        payload.item === null
          ? cureForNoTopic(context, topics, payload.name)
          : `Write ${payload.name}!: each record is an event of its own.`,
      );
    }
    return null;
  }
  const fromArgument = findFrom(context, coordinate, field);
  const snapshot = argumentValue(node, 'snapshot') === true;
  if (snapshot && change === null) {
    mistakes.add(
      node,
      `${coordinate} asks for a snapshot, but ${payload.name} is no @change type and cannot say where it ends.`,
      `Return a type with @change(of: "${topic.type}"), or remove snapshot.`,
    );
  }
  return {
    field: field.name.value,
    payload: payload.name,
    type: topic.type,
    change,
    filters: (field.arguments ?? [])
      .filter((argument) => shapeOf(argument.type).name !== 'Cursor')
      .flatMap((argument) => describeFilter(context, coordinate, argument, topic) ?? []),
    fromArgument,
    snapshot,
    replayMs: readReplay(context, coordinate, node),
  };
};

const findFrom = (
  { mistakes }: RuleContext,
  coordinate: string,
  field: FieldDefinitionNode,
): string | null => {
  const cursors = (field.arguments ?? []).filter((argument) => shapeOf(argument.type).name === 'Cursor');
  const [first, second] = cursors;
  if (second !== undefined) {
    mistakes.add(
      second,
      `${coordinate} has two arguments of type Cursor.`,
      'Keep one: it says where to begin.',
    );
  }
  if (first !== undefined && (shapeOf(first.type).nonNull || shapeOf(first.type).item !== null)) {
    mistakes.add(
      first.type,
      `Argument "${first.name.value}" of ${coordinate} must be optional: without it a stream begins now.`,
      'Write Cursor.',
    );
  }
  return first?.name.value ?? null;
};

const readReplay = (
  { mistakes }: RuleContext,
  coordinate: string,
  node: ConstDirectiveNode,
): number | null => {
  const text = textArgument(node, 'replay');
  if (text === null) return null;
  const length = parseDuration(text);
  if (length === null) {
    mistakes.add(
      node,
      `replay of ${coordinate} is "${text}", which is no duration.`,
      'Write a number and ms, s, m, h or d, such as "24h".',
    );
  }
  return length;
};
