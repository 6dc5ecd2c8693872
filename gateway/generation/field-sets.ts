import { Kind, parse, type SelectionNode } from 'graphql';
import { type Composite, namedType } from './supergraph-document.ts';

/** How sets name a field: `Post.rank`. */
export const fieldName = (type: string, field: string): string => `${type}.${field}`;

/** What the text of a `@key`, `@requires` or `@provides` selects. */
export function selectionsOf(fieldSet: string): readonly SelectionNode[] {
  if (fieldSet === '') return [];
  const [definition] = parse(`{${fieldSet}}`, { noLocation: true }).definitions;
  return definition?.kind === Kind.OPERATION_DEFINITION ? definition.selectionSet.selections : [];
}

/** The types with fields of a supergraph, to be asked what a field set names. */
export class FieldSets {
  readonly #types: ReadonlyMap<string, Composite>;
  readonly #implementers = new Map<string, string[]>();

  constructor(types: ReadonlyMap<string, Composite>) {
    this.#types = types;
    for (const { name, interfaces = [] } of types.values()) {
      for (const { name: of } of interfaces) {
        this.#implementers.set(of.value, [...(this.#implementers.get(of.value) ?? []), name.value]);
      }
    }
  }

  /** Names of the fields that are selected of a type, and below; of an interface's field, those of its types as well. */
  fieldsIn(fieldSet: string, type: string): readonly string[] {
    return this.#fields(selectionsOf(fieldSet), type);
  }

  #fields(selections: readonly SelectionNode[], type: string | undefined): readonly string[] {
    return selections.flatMap((selection) => {
      if (selection.kind === Kind.FRAGMENT_SPREAD || type === undefined) return [];
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        return this.#fields(selection.selectionSet.selections, selection.typeCondition?.name.value ?? type);
      }
      const name = selection.name.value;
      const field = this.#types.get(type)?.fields?.find((each) => each.name.value === name);
      const below = field === undefined ? undefined : namedType(field.type);
      const owners = [type, ...(this.#implementers.get(type) ?? [])];
      return [
        ...owners.map((owner) => fieldName(owner, name)),
        ...this.#fields(selection.selectionSet?.selections ?? [], below),
      ];
    });
  }
}
