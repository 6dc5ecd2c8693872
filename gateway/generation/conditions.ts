import {
  type DirectiveNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { isIncluded } from '../execution/shape.ts';
import { typenameField } from './typename-field.ts';

/** Values of the variables that `@skip` and `@include` use. */
export type Conditions = Readonly<Record<string, unknown>>;

const isCondition = ({ name }: DirectiveNode): boolean => name.value === 'skip' || name.value === 'include';

/** Names of the variables that `@skip` and `@include` use, sorted. */
export function conditionVariables(
  nodes: readonly (OperationDefinitionNode | FragmentDefinitionNode)[],
): string[] {
  const names = new Set<string>();
  for (const node of nodes) {
    visit(node, {
      Directive: (directive) => {
        if (!isCondition(directive)) return;
        for (const { value } of directive.arguments ?? []) {
          if (value.kind === Kind.VARIABLE) names.add(value.name.value);
        }
      },
    });
  }
  return [...names].sort();
}

/**
 * The operation as it is for these values, without `@skip` and `@include`, for planning.
 *
 * @apollo/query-planner 2.14.4 plans conditions wrongly around `@requires`: it makes one fetch of a conditional and an
 * unconditional field, with the inputs of both, so that the second one gets nothing when the first is left out.
 */
export function withoutConditions(
  definition: OperationDefinitionNode,
  fragments: readonly FragmentDefinitionNode[],
  conditions: Conditions,
): { readonly document: DocumentNode; readonly emptied: boolean } {
  let emptied = false;
  const document: DocumentNode = visit(
    { kind: Kind.DOCUMENT, definitions: [definition, ...fragments] },
    {
      SelectionSet: (set) => {
        const selections = included(set, conditions);
        if (selections.length > 0) return { ...set, selections };
        emptied = true;
        return { ...set, selections: [typenameField] };
      },
    },
  );
  return { document, emptied };
}

/** An empty selection set is not valid. */
function included(set: SelectionSetNode, conditions: Conditions): readonly SelectionNode[] {
  return set.selections
    .filter((selection) => isIncluded(selection, conditions))
    .map((selection): SelectionNode => {
      const directives = selection.directives?.filter((directive) => !isCondition(directive));
      return directives === undefined ? selection : { ...selection, directives };
    });
}
