import type { FieldDefinitionNode } from 'graphql';
import type { RuleContext } from './context.ts';
import { directiveOf, entityKeysOf, type ObjectModel } from './model.ts';

const serving = ['view', 'consume', 'produce', 'external', 'federation__external'];

/**
 * Fields that nothing gives: of root types without a directive, of entities of other subgraphs, and those with
 * arguments. Only known once it is known what TypeScript resolves.
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
        `Add ${cureFor(context, type)}, or write a resolver ${coordinate}.`,
      );
    }
  }
};

const isServed = (field: FieldDefinitionNode): boolean =>
  serving.some((name) => directiveOf(field, name) !== undefined);

const needsSource = ({ model }: RuleContext, type: ObjectModel, field: FieldDefinitionNode): boolean => {
  if (isRoot(model.roots, type)) return !field.name.value.startsWith('_');
  if (directiveOf(type, 'topic') !== undefined) return (field.arguments ?? []).length > 0;
  const keys = entityKeysOf(type);
  return keys.length > 0 && !keys.some(({ fields }) => fields === null || fields.includes(field.name.value));
};

const isRoot = (roots: RuleContext['model']['roots'], type: ObjectModel): boolean =>
  Object.values(roots).includes(type.name);

const cureFor = ({ model }: RuleContext, type: ObjectModel): string => {
  if (type.name === model.roots.subscription) return '@consume';
  return type.name === model.roots.mutation ? '@produce' : '@view';
};
