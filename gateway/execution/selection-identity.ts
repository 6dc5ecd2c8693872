import { Kind, print, type SelectionSetNode } from 'graphql';

/** Tells selection sets that say the same: types and paths that share them can share what is compiled. */
export class SelectionIdentity {
  readonly #known = new WeakMap<SelectionSetNode, number>();
  readonly #numbers = new Map<string, number>();

  /** Equal for equal sets in equal order. From the inside out, so that a set costs as much as it has selections itself. */
  of(sets: readonly SelectionSetNode[]): string {
    return sets.map((set) => this.#numberOf(set)).join();
  }

  #numberOf(set: SelectionSetNode): number {
    const known = this.#known.get(set);
    if (known !== undefined) return known;
    const text = set.selections
      .map((selection) => {
        if (selection.kind === Kind.FRAGMENT_SPREAD || selection.selectionSet === undefined) {
          return print(selection);
        }
        const outside = print({ ...selection, selectionSet: noSelections });
        return `${outside}#${this.#numberOf(selection.selectionSet)}`;
      })
      .join(' ');
    const number = this.#numbers.get(text) ?? this.#numbers.size;
    this.#numbers.set(text, number);
    this.#known.set(set, number);
    return number;
  }
}

const noSelections: SelectionSetNode = { kind: Kind.SELECTION_SET, selections: [] };
