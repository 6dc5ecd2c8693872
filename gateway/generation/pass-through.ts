import {
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLNamedType,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  Kind,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { FetchStep } from '../execution/plan.ts';
import type { PreparedOperation } from './operations.ts';
import type { LoadedSupergraph } from './supergraph.ts';

/**
 * True when what the upstream sends under `data` is, byte for byte, what the client asked for: nothing to join, no
 * alias to take back, the same selections in the same order, and no value or type on the way that the API schema hides.
 * False costs a shaping; a wrong true would leak.
 */
export function passesThrough(
  operation: PreparedOperation,
  primary: FetchStep,
  supergraph: LoadedSupergraph,
): boolean {
  if (operation.plan !== null || primary.rewriteOutput !== null) return false;
  const root = supergraph.apiSchema.getSubscriptionType();
  const document = parse(primary.query, { noLocation: true });
  const sent = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (!isCompositeType(root) || sent === undefined) return false;
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  const asked = inlined(
    root,
    operation.definition.selectionSet,
    fragmentsByName(operation.fragments),
    supergraph,
  );
  const upstream = inlined(root, sent.selectionSet, fragmentsByName(fragments), supergraph);
  return printed(asked) === printed(upstream) && nothingHidden(root, asked, supergraph);
}

const fragmentsByName = (
  fragments: readonly FragmentDefinitionNode[],
): ReadonlyMap<string, FragmentDefinitionNode> =>
  new Map(fragments.map((fragment) => [fragment.name.value, fragment]));

const printed = (selections: readonly SelectionNode[]): string =>
  print({ kind: Kind.SELECTION_SET, selections });

/** Named fragments as inline ones, and none that says nothing, so that both texts say the same in the same way. */
function inlined(
  type: GraphQLNamedType | undefined,
  set: SelectionSetNode | undefined,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  supergraph: LoadedSupergraph,
): readonly SelectionNode[] {
  return (set?.selections ?? []).flatMap((selection): readonly SelectionNode[] => {
    if (selection.kind === Kind.FIELD) {
      if (selection.selectionSet === undefined) return [selection];
      const field =
        isObjectType(type) || isInterfaceType(type) ? type.getFields()[selection.name.value] : undefined;
      const inner = inlined(field && getNamedType(field.type), selection.selectionSet, fragments, supergraph);
      return [{ ...selection, selectionSet: { kind: Kind.SELECTION_SET, selections: inner } }];
    }
    const fragment =
      selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
    const condition = fragment?.typeCondition;
    const narrowed = condition === undefined ? type : supergraph.apiSchema.getType(condition.name.value);
    const inner = inlined(narrowed, fragment?.selectionSet, fragments, supergraph);
    const directives = selection.directives ?? [];
    if (narrowed === type && directives.length === 0) return inner;
    const selectionSet: SelectionSetNode = { kind: Kind.SELECTION_SET, selections: inner };
    return [
      {
        kind: Kind.INLINE_FRAGMENT,
        selectionSet,
        directives,
        ...(condition && { typeCondition: condition }),
      },
    ];
  });
}

function nothingHidden(
  type: GraphQLCompositeType,
  selections: readonly SelectionNode[],
  supergraph: LoadedSupergraph,
): boolean {
  return selections.every((selection) => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return false;
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      const condition = selection.typeCondition?.name.value;
      const narrowed = condition === undefined ? type : supergraph.apiSchema.getType(condition);
      return (
        isCompositeType(narrowed) && nothingHidden(narrowed, selection.selectionSet.selections, supergraph)
      );
    }
    if (isUnionType(type) || selection.name.value.startsWith('__'))
      return selection.name.value === '__typename';
    const field = type.getFields()[selection.name.value];
    if (field === undefined) return false;
    const inner = getNamedType(field.type);
    if (supergraph.hidesPartOf(inner.name)) return false;
    if (!isCompositeType(inner)) return true;
    return nothingHidden(inner, selection.selectionSet?.selections ?? [], supergraph);
  });
}
