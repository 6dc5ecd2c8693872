import { type DocumentNode, Kind, type OperationDefinitionNode, parse, type SelectionSetNode } from 'graphql';
import { Unfit } from './unfit.ts';

/** A field of a fetch, in the place in which its answer must have it. */
export interface Selection {
  /** Response key. */
  readonly key: string;
  readonly isTypename: boolean;
  /** Null for leaves. */
  readonly fields: readonly Selection[] | null;
}

/** The fields that a fetch asks of the root. Throws Unfit where they depend on types or conditions. */
export const readRoot = (query: string): readonly Selection[] => readSet(operationOf(query).selectionSet);

/** The fields that a fetch asks of entities, when it asks them of one type. */
export function readEntities(query: string): {
  readonly typename: string;
  readonly fields: readonly Selection[];
} {
  const [entities, ...others] = operationOf(query).selectionSet.selections;
  if (entities?.kind !== Kind.FIELD || entities.name.value !== '_entities' || others.length > 0)
    throw new Unfit();
  if (entities.alias !== undefined || entities.directives?.length) throw new Unfit();
  const [fragment, ...more] = entities.selectionSet?.selections ?? [];
  if (fragment?.kind !== Kind.INLINE_FRAGMENT || more.length > 0 || fragment.directives?.length)
    throw new Unfit();
  const typename = fragment.typeCondition?.name.value;
  if (typename === undefined) throw new Unfit();
  return { typename, fields: readSet(fragment.selectionSet) };
}

function operationOf(query: string): OperationDefinitionNode {
  const { definitions }: DocumentNode = parse(query, { noLocation: true });
  const [operation, ...others] = definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION || others.length > 0) throw new Unfit();
  return operation;
}

function readSet(set: SelectionSetNode): readonly Selection[] {
  const keys = new Set<string>();
  return set.selections.map((selection) => {
    if (selection.kind !== Kind.FIELD || selection.directives?.length) throw new Unfit();
    const key = selection.alias?.value ?? selection.name.value;
    if (keys.has(key)) throw new Unfit();
    keys.add(key);
    return {
      key,
      isTypename: selection.name.value === '__typename',
      fields: selection.selectionSet === undefined ? null : readSet(selection.selectionSet),
    };
  });
}
