import {
  type DocumentNode,
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
import type { LoadedSupergraph } from './supergraph.ts';
import type { Variant } from './variants.ts';

/**
 * True when what the upstream sends under `data` is, byte for byte, what the client asked for: nothing to join, no
 * alias to take back, the same selections in the same order, and no value or type on the way that the API schema hides.
 * False costs a shaping; a wrong true would leak.
 */
export function passesThrough(
  { plan, planned, emptied }: Variant,
  primary: FetchStep,
  supergraph: LoadedSupergraph,
): boolean {
  if (plan !== null || emptied || primary.rewriteOutput !== null) return false;
  const root = supergraph.apiSchema.getSubscriptionType();
  if (!isCompositeType(root)) return false;
  const asked = inlinedOperation(planned, root, supergraph);
  const upstream = inlinedOperation(parse(primary.query, { noLocation: true }), root, supergraph);
  return printed(asked) === printed(upstream) && nothingHidden(root, asked, supergraph);
}

function inlinedOperation(
  { definitions }: DocumentNode,
  root: GraphQLNamedType,
  supergraph: LoadedSupergraph,
): readonly SelectionNode[] {
  const operation = definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  const fragments = definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  const byName = new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
  return inlined(root, operation?.selectionSet, byName, supergraph);
}

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
