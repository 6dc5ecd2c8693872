import {
  type ASTVisitor,
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';

export interface DocumentSizeLimits {
  readonly documentDepth: number;
  readonly documentFields: number;
  readonly documentAliases: number;
}

interface Size {
  readonly depth: number;
  readonly fields: number;
  readonly aliases: number;
}

/**
 * A validation rule that bounds what an operation makes of its document: fragments that spread each other grow without
 * end from few tokens, and a list under a hundred aliases is read a hundred times.
 */
export const documentSizeRule =
  (limits: DocumentSizeLimits) =>
  (context: ValidationContext): ASTVisitor => {
    const sizes = new Sizes((name) => context.getFragment(name) ?? null);
    return {
      OperationDefinition(node) {
        const size = sizes.of(node.selectionSet);
        const bounds = [
          ['fields deep', size.depth, 'documentDepth'],
          ['fields', size.fields, 'documentFields'],
          ['aliases', size.aliases, 'documentAliases'],
        ] as const;
        for (const [what, is, limit] of bounds) {
          if (is <= limits[limit]) continue;
          const message = `The operation has more than ${limits[limit]} ${what}, its fragments written out. Ask in several operations, or raise gateway.limits.${limit}.`;
          context.reportError(new GraphQLError(message, { nodes: node }));
        }
        return false;
      },
    };
  };

/** Fields of the document's operations, fragments written out. */
export function operationFields({ definitions }: DocumentNode): number {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const each of definitions) {
    if (each.kind === Kind.FRAGMENT_DEFINITION) fragments.set(each.name.value, each);
  }
  const sizes = new Sizes((name) => fragments.get(name) ?? null);
  return definitions.reduce(
    (sum, each) => sum + (each.kind === Kind.OPERATION_DEFINITION ? sizes.of(each.selectionSet).fields : 0),
    0,
  );
}

/** Each fragment is measured once, so the cost is that of the text and not of what it stands for. */
class Sizes {
  readonly #fragmentOf: (name: string) => FragmentDefinitionNode | null;
  readonly #known = new Map<string, Size>();

  constructor(fragmentOf: (name: string) => FragmentDefinitionNode | null) {
    this.#fragmentOf = fragmentOf;
  }

  of(set: SelectionSetNode): Size {
    let size = empty;
    for (const selection of set.selections) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        size = sum(size, this.#ofFragment(selection.name.value));
        continue;
      }
      const inner = selection.selectionSet === undefined ? empty : this.of(selection.selectionSet);
      size = sum(
        size,
        selection.kind === Kind.INLINE_FRAGMENT ? inner : field(inner, selection.alias !== undefined),
      );
    }
    return size;
  }

  #ofFragment(name: string): Size {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    // Stands while the fragment is measured: cycles are refused by another rule.
    this.#known.set(name, empty);
    const fragment = this.#fragmentOf(name);
    const size = fragment === null ? empty : this.of(fragment.selectionSet);
    this.#known.set(name, size);
    return size;
  }
}

const empty: Size = { depth: 0, fields: 0, aliases: 0 };

const sum = (a: Size, b: Size): Size => ({
  depth: Math.max(a.depth, b.depth),
  fields: a.fields + b.fields,
  aliases: a.aliases + b.aliases,
});

const field = ({ depth, fields, aliases }: Size, aliased: boolean): Size => ({
  depth: depth + 1,
  fields: fields + 1,
  aliases: aliased ? aliases + 1 : aliases,
});
