import type { FieldDefinitionNode } from 'graphql';
import type { TopicDescription } from '../description.ts';
import type { Mistakes } from '../mistakes/index.ts';
import { directiveOf, type ObjectModel, type SdlModel } from './model.ts';

/** What every rule reads, and where it tells its mistakes. */
export interface RuleContext {
  readonly model: SdlModel;
  readonly mistakes: Mistakes;
  /** Coordinates that TypeScript resolves, such as `Flight.gate`; null when the code is not known. */
  readonly resolved: ReadonlySet<string> | null;
}

/** Topics by the type that they fill. */
export type Topics = ReadonlyMap<string, TopicDescription>;

/** Calls `visit` for every field that carries the directive. */
export const eachFieldWith = (
  { model }: RuleContext,
  directive: string,
  visit: (
    parent: ObjectModel,
    field: FieldDefinitionNode,
    node: NonNullable<ReturnType<typeof directiveOf>>,
  ) => void,
): void => {
  for (const parent of model.objects.values()) {
    for (const field of parent.fields.values()) {
      const node = directiveOf(field, directive);
      if (node !== undefined) visit(parent, field, node);
    }
  }
};

/** Calls `visit` for every object type that carries the directive. */
export const eachTypeWith = (
  { model }: RuleContext,
  directive: string,
  visit: (type: ObjectModel, node: NonNullable<ReturnType<typeof directiveOf>>) => void,
): void => {
  for (const type of model.objects.values()) {
    const node = directiveOf(type, directive);
    if (node !== undefined) visit(type, node);
  }
};

/** What to do where a type should have a topic and has none. */
export const cureForNoTopic = ({ model }: RuleContext, topics: Topics, type: string): string => {
  const others = `return a type that has one: ${[...topics.keys()].join(', ')}.`;
  if (topics.size === 0) return 'Add @topic to a type, and return it.';
  return model.objects.has(type) ? `Add @topic to ${type}, or ${others}` : `R${others.slice(1)}`;
};
