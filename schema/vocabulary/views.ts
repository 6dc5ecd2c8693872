import type { ConstDirectiveNode, FieldDefinitionNode } from 'graphql';
import type { ViewDescription } from '../description.ts';
import { cureForNoTopic, eachFieldWith, type RuleContext, type Topics } from './context.ts';
import { describeFilter } from './filters.ts';
import { type ObjectModel, type SdlModel, shapeOf, type TypeShape } from './model.ts';
import { pageSize } from './page-size.ts';
import { describeOn } from './view-on.ts';
import { describeOrder } from './view-order.ts';
import type { ViewSite } from './view-site.ts';

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
  const { type, shape } = servedBy(model, topics, shapeOf(field.type));
  const topic = topics.get(type);
  if (topic === undefined) {
    mistakes.add(
      node,
      `${coordinate} has @view, but ${type} has no @topic.`,
      cureForNoTopic(context, topics, type),
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
  const site: ViewSite = { context, parent, coordinate, field, node, topic };
  const view: ViewDescription = {
    parent: parent.name,
    field: field.name.value,
    type,
    shape,
    filters: describeFilters(site, shape),
    on: describeOn(site),
    orderBy: describeOrder(site),
    ...pageSize(site, shape),
  };
  if (shape === 'ONE') checkNamesOneRow(site, view);
  return view;
};

const servedBy = (
  model: SdlModel,
  topics: Topics,
  returned: TypeShape,
): { readonly type: string; readonly shape: ViewDescription['shape'] } => {
  if (returned.item !== null) return { type: returned.name, shape: 'LIST' };
  const nodes = model.objects.get(returned.name)?.fields.get('nodes');
  if (nodes !== undefined && !topics.has(returned.name)) {
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
  { context, coordinate, field, topic }: ViewSite,
  shape: ViewDescription['shape'],
): ViewDescription['filters'] =>
  (field.arguments ?? [])
    .filter((argument) => !pagingArguments[shape].includes(argument.name.value))
    .flatMap((argument) => {
      if (shape !== 'LIST' || argument.name.value !== 'after') {
        return describeFilter(context, coordinate, argument, topic) ?? [];
      }
      context.mistakes.add(
        argument,
        `${coordinate} returns a plain list, which cannot say where its next page begins.`,
        `Return ${topic.type}Connection!, or remove "after".`,
      );
      return [];
    });

const checkNamesOneRow = (
  { context, parent, coordinate, field, topic }: ViewSite,
  view: ViewDescription,
): void => {
  const named = [...view.on.map((pair) => pair.field), ...view.filters.map((filter) => filter.field)];
  const isKey =
    named.length === topic.key.length &&
    topic.key.every((name) => named.includes(name)) &&
    view.filters.every(({ operator }) => operator === 'EQUAL');
  // Arguments and on that failed on their own have been told already.
  const failed =
    view.filters.length < (field.arguments ?? []).length ||
    (view.on.length === 0 && parent.name !== context.model.roots.query);
  if (isKey || topic.key.length === 0 || failed) return;
  context.mistakes.add(
    field,
    `${coordinate} returns one ${topic.type}, so its arguments must be the record key "${topic.key.join(' ')}".`,
    `Take ${topic.key.join(', ')}, or return ${topic.type}Connection! for many rows.`,
  );
};
