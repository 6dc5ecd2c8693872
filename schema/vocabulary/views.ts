import type { ConstDirectiveNode, FieldDefinitionNode } from 'graphql';
import type { OrderDescription, TopicDescription, ViewDescription } from '../description.ts';
import { didYouMean } from '../mistakes/index.ts';
import { eachFieldWith, type RuleContext, type Topics, topicTypes } from './context.ts';
import { describeFilter } from './filters.ts';
import {
  entityKeysOf,
  type ObjectModel,
  type SdlModel,
  shapeOf,
  type TypeShape,
  textsArgument,
} from './model.ts';
import { pageSize } from './page-size.ts';

/** Every field with @view that can be served. */
export const describeViews = (context: RuleContext, topics: Topics): readonly ViewDescription[] => {
  const views: ViewDescription[] = [];
  eachFieldWith(context, 'view', (parent, field, node) => {
    const view = describeView(context, topics, parent, field, node);
    if (view !== null) views.push(view);
  });
  return views;
};

const describeView = (
  context: RuleContext,
  topics: Topics,
  parent: ObjectModel,
  field: FieldDefinitionNode,
  node: ConstDirectiveNode,
): ViewDescription | null => {
  const { model, mistakes } = context;
  const coordinate = `${parent.name}.${field.name.value}`;
  if (parent.name === model.roots.subscription || parent.name === model.roots.mutation) {
    const [right, what] =
      parent.name === model.roots.mutation ? ['@produce', 'writes'] : ['@consume', 'streams'];
    mistakes.add(node, `${coordinate} has @view, but a field of ${parent.name} ${what}.`, `Write ${right}.`);
    return null;
  }
  const { type, shape } = servedBy(model, shapeOf(field.type));
  const topic = topics.get(type);
  if (topic === undefined) {
    mistakes.add(
      node,
      `${coordinate} has @view, but ${type} has no @topic.`,
      didYouMean(
        type,
        topicTypes(topics),
        `Add @topic to ${type}, or write a resolver for the field instead.`,
      ),
    );
    return null;
  }
  if (topic.cleanup !== 'COMPACT') {
    mistakes.add(
      node,
      `${coordinate} has @view, but the topic of ${type} is not COMPACT, so it has no latest record of each key.`,
      `Add cleanup: COMPACT to @topic of ${type}, or stream it with @consume.`,
    );
  }
  const on = describeOn(context, parent, coordinate, node, topic);
  const filters = describeFilters(context, coordinate, field, topic, shape);
  const view: ViewDescription = {
    parent: parent.name,
    field: field.name.value,
    type,
    shape,
    filters,
    on,
    orderBy: describeOrder(context, coordinate, node, topic),
    ...pageSize(mistakes, coordinate, field, shape),
  };
  if (shape === 'ONE') checkNamesOneRow(context, coordinate, field, topic, view);
  return view;
};

const servedBy = (
  model: SdlModel,
  returned: TypeShape,
): { readonly type: string; readonly shape: ViewDescription['shape'] } => {
  if (returned.item !== null) return { type: returned.name, shape: 'LIST' };
  const nodes = model.objects.get(returned.name)?.fields.get('nodes');
  if (nodes !== undefined && returned.name.endsWith('Connection')) {
    return { type: shapeOf(nodes.type).name, shape: 'CONNECTION' };
  }
  return { type: returned.name, shape: 'ONE' };
};

const pagingArguments: Readonly<Record<ViewDescription['shape'], readonly string[]>> = {
  ONE: [],
  LIST: ['first'],
  CONNECTION: ['first', 'after'],
};

const describeFilters = (
  context: RuleContext,
  coordinate: string,
  field: FieldDefinitionNode,
  topic: TopicDescription,
  shape: ViewDescription['shape'],
): ViewDescription['filters'] => {
  return (field.arguments ?? [])
    .filter((argument) => !pagingArguments[shape].includes(argument.name.value))
    .flatMap((argument) => describeFilter(context, coordinate, argument, topic) ?? []);
};

/** The record fields that hold the parent's key; by default the only one that refers to the parent. */
const describeOn = (
  context: RuleContext,
  parent: ObjectModel,
  coordinate: string,
  node: ConstDirectiveNode,
  topic: TopicDescription,
): ViewDescription['on'] => {
  const { model, mistakes } = context;
  const given = textsArgument(node, 'on');
  if (parent.name === model.roots.query) {
    if (given.length > 0) {
      mistakes.add(
        node,
        `${coordinate} has no parent whose key "on" could name.`,
        'Remove on, or filter by an argument.',
      );
    }
    return [];
  }
  const parentKey = entityKeysOf(parent)[0]?.fields ?? null;
  if (parentKey === null) {
    mistakes.add(
      node,
      `${coordinate} has @view, but ${parent.name} has no key by which its rows could be found.`,
      `Add @key to ${parent.name}, with fields of its own.`,
    );
    return [];
  }
  const references = topic.fields.filter(
    ({ type }) => type.kind === 'reference' && type.name === parent.name,
  );
  const names = given.length > 0 ? given : references.map(({ name }) => name);
  if (given.length === 0 && names.length !== 1) {
    mistakes.add(
      node,
      `${coordinate} does not say which field of ${topic.type} holds the key of ${parent.name}.`,
      names.length > 1
        ? `Write on: "${names[0]}"; ${topic.type} refers to ${parent.name} by ${names.join(', ')}.`
        : `Write on: with the record field of ${topic.type} that holds ${parent.name}.${parentKey.join(', ')}.`,
    );
    return [];
  }
  return pairWithKey(context, coordinate, node, topic, names, parentKey, parent.name);
};

const pairWithKey = (
  { mistakes }: RuleContext,
  coordinate: string,
  node: ConstDirectiveNode,
  topic: TopicDescription,
  names: readonly string[],
  parentKey: readonly string[],
  parent: string,
): ViewDescription['on'] => {
  const fields = topic.fields.map(({ name }) => name);
  const unknown = names.filter((name) => !fields.includes(name));
  for (const name of unknown) {
    mistakes.add(
      node,
      `on of ${coordinate} names "${name}", which is no record field of ${topic.type}.`,
      didYouMean(name, fields, `Name one of: ${fields.join(', ')}.`),
    );
  }
  if (unknown.length > 0) return [];
  if (names.length !== parentKey.length) {
    mistakes.add(
      node,
      `on of ${coordinate} names ${names.length} fields, but the key of ${parent} has ${parentKey.length}.`,
      `Name one field of ${topic.type} for each of: ${parentKey.join(', ')}.`,
    );
    return [];
  }
  return names.map((field, index) => ({ field, parentField: parentKey[index] ?? '' }));
};

const describeOrder = (
  { mistakes }: RuleContext,
  coordinate: string,
  node: ConstDirectiveNode,
  topic: TopicDescription,
): readonly OrderDescription[] => {
  const orderable = topic.fields.filter(({ type }) => type.kind === 'scalar' || type.kind === 'enum');
  const names = orderable.map(({ name }) => name);
  return textsArgument(node, 'orderBy').flatMap((entry) => {
    const [name = '', direction = 'ASC', ...rest] = entry.trim().split(/\s+/);
    if (!names.includes(name)) {
      mistakes.add(
        node,
        `orderBy of ${coordinate} names "${name}", which is no scalar or enum of a record of ${topic.type}.`,
        didYouMean(name, names, `Name one of: ${names.join(', ')}.`),
      );
      return [];
    }
    if ((direction !== 'ASC' && direction !== 'DESC') || rest.length > 0) {
      mistakes.add(
        node,
        `orderBy of ${coordinate} has the entry "${entry}".`,
        `Write "${name}", "${name} ASC" or "${name} DESC".`,
      );
      return [];
    }
    return [{ field: name, descending: direction === 'DESC' }];
  });
};

const checkNamesOneRow = (
  { mistakes }: RuleContext,
  coordinate: string,
  field: FieldDefinitionNode,
  topic: TopicDescription,
  view: ViewDescription,
): void => {
  const named = [...view.on.map((pair) => pair.field), ...view.filters.map((filter) => filter.field)];
  const isKey =
    named.length === topic.key.length &&
    topic.key.every((name) => named.includes(name)) &&
    view.filters.every(({ operator }) => operator === 'EQUAL');
  // Arguments and on that failed on their own have been told already.
  const given = (field.arguments ?? []).length;
  if (isKey || topic.key.length === 0 || view.filters.length < given) return;
  mistakes.add(
    field,
    `${coordinate} returns one ${topic.type}, so its arguments must be the record key "${topic.key.join(' ')}".`,
    `Take ${topic.key.join(', ')}, or return ${topic.type}Connection! for many rows.`,
  );
};
