import type { ConstDirectiveNode, FieldDefinitionNode } from 'graphql';
import type { TopicDescription } from '../description.ts';
import type { RuleContext } from './context.ts';
import type { ObjectModel } from './model.ts';

/** A field with @view and the topic that it serves: what the rules on views read. */
export interface ViewSite {
  readonly context: RuleContext;
  readonly parent: ObjectModel;
  /** `Query.flights`, for messages. */
  readonly coordinate: string;
  readonly field: FieldDefinitionNode;
  /** The @view itself. */
  readonly node: ConstDirectiveNode;
  readonly topic: TopicDescription;
}
