import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { SelectionIdentity } from '../selection-identity.ts';
import type { TypeRelations } from '../types.ts';
import { Unfit } from './unfit.ts';

/** A field of a fetch, in the place in which its answer must have it. */
export interface Selection {
  /** Response key. */
  readonly key: string;
  readonly isTypename: boolean;
  /** What is selected below; null for leaves. */
  readonly sets: Sets | null;
}

/** Selection sets that are one in an answer: `a { b } ... on T { a { c } }`. */
export type Sets = readonly SelectionSetNode[];

/** What a fetch asks. */
export class FetchDocument {
  readonly #operation: OperationDefinitionNode;
  readonly #fragments = new Map<string, FragmentDefinitionNode>();
  readonly #identity = new SelectionIdentity();
  readonly #types: TypeRelations;

  /** Throws Unfit where there is more than an operation and fragments. */
  constructor(query: string, types: TypeRelations) {
    const { definitions }: DocumentNode = parse(query, { noLocation: true });
    const operations = definitions.filter(({ kind }) => kind !== Kind.FRAGMENT_DEFINITION);
    const [operation] = operations;
    if (operation?.kind !== Kind.OPERATION_DEFINITION || operations.length > 1) throw new Unfit();
    for (const each of definitions) {
      if (each.kind === Kind.FRAGMENT_DEFINITION) this.#fragments.set(each.name.value, each);
    }
    this.#operation = operation;
    this.#types = types;
  }

  /** Of a fetch of root fields. */
  root(): Sets {
    return [this.#operation.selectionSet];
  }

  /** Of entities, whatever their types. */
  entities(): Sets {
    const [entities, ...others] = this.#operation.selectionSet.selections;
    if (entities?.kind !== Kind.FIELD || entities.name.value !== '_entities' || others.length > 0) {
      throw new Unfit();
    }
    const { alias, directives = [], selectionSet } = entities;
    if (alias !== undefined || directives.length > 0 || selectionSet === undefined) throw new Unfit();
    return [selectionSet];
  }

  /** Equal for sets that ask the same in the same order. */
  identityOf(sets: Sets): string {
    return this.#identity.of(sets);
  }

  /** The fields for an object of this type, in the order of the answer. Throws Unfit where they depend on conditions. */
  fieldsOf(sets: Sets, typename: string): readonly Selection[] {
    const fields = new Map<string, { isTypename: boolean; sets: SelectionSetNode[] | null }>();
    const collect = (selection: SelectionNode): void => {
      if (selection.directives?.length) throw new Unfit();
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias?.value ?? selection.name.value;
        const below = selection.selectionSet === undefined ? [] : [selection.selectionSet];
        const known = fields.get(key);
        if (known !== undefined) known.sets?.push(...below);
        else {
          const isTypename = selection.name.value === '__typename';
          fields.set(key, { isTypename, sets: below.length === 0 ? null : below });
        }
        return;
      }
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT ? selection : this.#fragments.get(selection.name.value);
      if (fragment === undefined || fragment.directives?.length) throw new Unfit();
      const condition = fragment.typeCondition?.name.value;
      if (condition === undefined || this.#types.isOfType(typename, condition)) {
        fragment.selectionSet.selections.forEach(collect);
      }
    };
    for (const set of sets) set.selections.forEach(collect);
    return [...fields].map(([key, field]) => ({ key, ...field }));
  }
}
