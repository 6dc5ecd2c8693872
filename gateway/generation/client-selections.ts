import {
  type DocumentNode,
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import type { TypeRelations } from '../execution/types.ts';

/** What a client selects at one place of the answer, fragments not yet opened. */
export type Selected = readonly SelectionSetNode[];

/** An operation without conditions, to be asked what it selects at a place. */
export class ClientSelections {
  readonly operation: OperationDefinitionNode;
  readonly #fragments = new Map<string, SelectionSetNode & { readonly on: string }>();
  readonly #types: TypeRelations;

  /** Throws a TypeError for a document without an operation. */
  constructor({ definitions }: DocumentNode, types: TypeRelations) {
    const operation = definitions.find((each) => each.kind === Kind.OPERATION_DEFINITION);
    if (operation === undefined) throw new TypeError('The document has no operation.');
    this.operation = operation;
    this.#types = types;
    for (const each of definitions) {
      if (each.kind !== Kind.FRAGMENT_DEFINITION) continue;
      this.#fragments.set(each.name.value, { ...each.selectionSet, on: each.typeCondition.name.value });
    }
  }

  /** At a path of response keys. */
  at(path: readonly string[]): Selected {
    return path.reduce<Selected>((sets, key) => this.below(sets, null, key), [this.operation.selectionSet]);
  }

  /** Below one field. `type`: of the object, null where it is not known. */
  below(sets: Selected, type: string | null, key: string): Selected {
    return (this.fields(sets, type).get(key) ?? []).flatMap(({ selectionSet }) => selectionSet ?? []);
  }

  /** The specification's CollectFields: by response key, with the fragments that hold for the type. */
  fields(sets: Selected, type: string | null): ReadonlyMap<string, readonly FieldNode[]> {
    const found = new Map<string, FieldNode[]>();
    const visited = new Set<string>();
    const collect = ({ selections }: SelectionSetNode): void => {
      for (const selection of selections) {
        if (selection.kind === Kind.FIELD) {
          const key = (selection.alias ?? selection.name).value;
          found.set(key, [...(found.get(key) ?? []), selection]);
        } else if (selection.kind === Kind.INLINE_FRAGMENT) {
          if (this.#holds(selection.typeCondition?.name.value, type)) collect(selection.selectionSet);
        } else if (!visited.has(selection.name.value)) {
          visited.add(selection.name.value);
          const fragment = this.#fragments.get(selection.name.value);
          if (fragment !== undefined && this.#holds(fragment.on, type)) collect(fragment);
        }
      }
    };
    sets.forEach(collect);
    return found;
  }

  #holds(condition: string | undefined, type: string | null): boolean {
    return condition === undefined || type === null || this.#types.isOfType(type, condition);
  }
}
