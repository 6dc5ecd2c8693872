import type { FieldDefinitionNode } from 'graphql';
import type { RuleContext } from './context.ts';
import { directiveOf, entityKeysOf, type ObjectModel, shapeOf } from './model.ts';

const serving = ['view', 'consume', 'produce', 'external', 'federation__external'];

/**
 * Fields that nothing gives: of root types without a directive, of entities of other subgraphs, of connections beside
 * their rows, and those with arguments. Only known once it is known what TypeScript resolves.
 */
export const checkServed = (context: RuleContext): void => {
  const { model, resolved, mistakes } = context;
  if (resolved === null) return;
  for (const type of model.objects.values()) {
    for (const field of type.fields.values()) {
      const coordinate = `${type.name}.${field.name.value}`;
      if (resolved.has(coordinate) || isServed(field) || !needsSource(context, type, field)) continue;
      mistakes.add(
        field,
        `Nothing gives ${coordinate}.`,
        `${cureFor(context, type)}, or write a resolver ${coordinate}.`,
      );
    }
  }
};

const isServed = (field: FieldDefinitionNode): boolean =>
  serving.some((name) => directiveOf(field, name) !== undefined);

const needsSource = ({ model }: RuleContext, type: ObjectModel, field: FieldDefinitionNode): boolean => {
  if (isRoot(model.roots, type)) return !field.name.value.startsWith('_');
  if ((field.arguments ?? []).length > 0) return true;
  if (directiveOf(type, 'topic') !== undefined) return false;
  if (isConnection(model, type)) return !connectionFields.has(field.name.value);
  const keys = entityKeysOf(type);
  return keys.length > 0 && !keys.some(({ fields }) => fields === null || fields.includes(field.name.value));
};

const connectionFields = new Set(['nodes', 'edges', 'pageInfo']);

/** A page of rows; what else it has, such as a total, the kit cannot know. */
const isConnection = (model: RuleContext['model'], type: ObjectModel): boolean => {
  const nodes = type.fields.get('nodes');
  const row = nodes === undefined ? undefined : model.objects.get(shapeOf(nodes.type).name);
  return row !== undefined && directiveOf(row, 'topic') !== undefined;
};

const isRoot = (roots: RuleContext['model']['roots'], type: ObjectModel): boolean =>
  Object.values(roots).includes(type.name);

const cureFor = ({ model }: RuleContext, type: ObjectModel): string => {
  if (type.name === model.roots.subscription) return 'Add @consume';
  if (type.name === model.roots.mutation) return 'Add @produce';
  return isConnection(model, type) ? 'Remove it' : 'Add @view';
};
