import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  getDirectiveValues,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

type Variables = Readonly<Record<string, unknown>>;

/**
 * The root field of a valid subscription as it will be executed (CollectFields of the specification): fragments are
 * looked into, and it is null where @skip or @include leave it out.
 */
export const rootField = (
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
): FieldNode | null => {
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );
  return firstField(operation.selectionSet, fragments, variables);
};

const firstField = (
  { selections }: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  variables: Variables,
): FieldNode | null => {
  for (const selection of selections) {
    if (isLeftOut(selection, variables)) continue;
    if (selection.kind === Kind.FIELD) return selection;
    const fragment =
      selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
    const found = fragment === undefined ? null : firstField(fragment.selectionSet, fragments, variables);
    if (found !== null) return found;
  }
  return null;
};

const isLeftOut = (selection: SelectionNode, variables: Variables): boolean =>
  getDirectiveValues(GraphQLSkipDirective, selection, variables)?.if === true ||
  getDirectiveValues(GraphQLIncludeDirective, selection, variables)?.if === false;
