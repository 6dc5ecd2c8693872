import { type DocumentNode, Kind, parse, type SelectionSetNode, type ValueNode } from 'graphql';
import { entity, topProducts } from './catalogue-graph.ts';

type Row = Readonly<Record<string, unknown>>;

export interface SubgraphQuery {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/**
 * What a subgraph of the catalogue answers, as JSON: aliases, fragments and variables are heeded, whichever gateway
 * chose them. No validation, no types: the subgraph is not what is measured.
 */
export const answerOf = ({ query, variables }: SubgraphQuery): string => {
  const document = parse(query, { noLocation: true });
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (operation === undefined) throw new Error('no operation');
  const reader = new Reader(document, variables ?? {});
  return JSON.stringify({ data: reader.select({ __typename: 'Query' }, operation.selectionSet) });
};

class Reader {
  readonly #fragments: ReadonlyMap<string, SelectionSetNode>;
  readonly #variables: Row;

  constructor(document: DocumentNode, variables: Row) {
    this.#variables = variables;
    this.#fragments = new Map(
      document.definitions.flatMap((node) =>
        node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node.selectionSet] as const] : [],
      ),
    );
  }

  select(row: Row, set: SelectionSetNode, into: Record<string, unknown> = {}): Row {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        const value = this.#value(row, selection.name.value, selection.arguments ?? []);
        const { selectionSet } = selection;
        into[selection.alias?.value ?? selection.name.value] =
          selectionSet === undefined ? value : this.#below(value, selectionSet);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        const type = selection.typeCondition?.name.value;
        if (type === undefined || type === row.__typename) this.select(row, selection.selectionSet, into);
      } else {
        const fragment = this.#fragments.get(selection.name.value);
        if (fragment !== undefined) this.select(row, fragment, into);
      }
    }
    return into;
  }

  #below(value: unknown, set: SelectionSetNode): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#below(item, set));
    return value === null || value === undefined ? null : this.select(value as Row, set);
  }

  #value(
    row: Row,
    name: string,
    given: readonly { readonly name: { readonly value: string }; readonly value: ValueNode }[],
  ): unknown {
    const argument = (wanted: string): unknown => {
      const node = given.find((each) => each.name.value === wanted)?.value;
      if (node?.kind === Kind.VARIABLE) return this.#variables[node.name.value];
      return node?.kind === Kind.INT ? Number(node.value) : undefined;
    };
    if (name === 'top') return topProducts(Number(argument('first')), Number(argument('from') ?? 0));
    if (name === '_entities') return (argument('representations') as Row[]).map(entity);
    return row[name] ?? null;
  }
}
