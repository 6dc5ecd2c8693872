import {
  type ConstDirectiveNode,
  type ConstValueNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLError,
  Kind,
  print,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { requestError } from '../execution/errors.ts';
import type { ResponseKeys } from '../execution/response-keys.ts';

/** Arguments of `@join__type` and `@join__field` that say what the planner selects besides. */
const selecting = new Set(['key', 'requires', 'contextArguments']);

/**
 * Gives fields that the planner would take for one another keys of their own. @apollo/query-planner 2.14.4 merges
 * selections by response name:
 * - Of a client's `id: name` and the `id` of a key it keeps one, so the client was given the id for the name, or a
 *   subgraph the name for the id. So is it with what a `@requires` or a context takes, and with `__typename`.
 * - Of `... on Book { stars } ... on Film { stars(scale: 10) }` as well, where both are joined at one path.
 */
export class SafeAliases {
  /** Names that the planner may add to a selection. */
  readonly #added: ReadonlySet<string>;
  /** No field of the supergraph begins with it. */
  readonly #prefix: string;

  constructor(supergraph: DocumentNode) {
    const added = new Set(['__typename']);
    const names: string[] = [];
    visit(supergraph, {
      FieldDefinition: ({ name }) => void names.push(name.value),
      Directive: (directive) => collectNames(directive as ConstDirectiveNode, added),
    });
    let prefix = 'alias_';
    while (names.some((name) => name.startsWith(prefix))) prefix += '_';
    this.#added = added;
    this.#prefix = prefix;
  }

  /** For an operation without conditions, and its fragments. */
  keysOf(document: DocumentNode): ResponseKeys {
    const clashing = fieldsByClashingKey(document);
    const prefix = this.#prefix;
    const own = new RegExp(`^${prefix}\\d+_`);
    return {
      plannedKey: (key, field) => {
        const number = clashing.get(key)?.indexOf(meaningOf(field)) ?? 0;
        const isTaken = key !== field.name.value && (this.#added.has(key) || key.startsWith(prefix));
        return isTaken || number > 0 ? `${prefix}${Math.max(number, 0)}_${key}` : key;
      },
      clientKey: (key) => key.replace(own, ''),
    };
  }
}

/** The operation as it is to be planned. */
export const withKeys = (document: DocumentNode, keys: ResponseKeys): DocumentNode =>
  visit(document, {
    Field: (field): FieldNode | undefined => {
      const key = keyOf(field);
      const value = keys.plannedKey(key, field);
      return value === key ? undefined : { ...field, alias: { kind: Kind.NAME, value } };
    },
  });

/** What the client is told where planning would take too long. */
export const tooLarge = (): GraphQLError =>
  requestError('The operation is too large to be planned: select less, or repeat less.', 'BAD_REQUEST');

const keyOf = ({ alias, name }: FieldNode): string => alias?.value ?? name.value;

/** Fields with equal arguments mean the same. */
const meaningOf = ({ name, arguments: given = [] }: FieldNode): string =>
  given.length === 0 ? name.value : `${name.value}(${given.map(print).sort().join()})`;

/** The names in a selection, those of types among them: one too many costs nothing. */
function collectNames({ arguments: given }: ConstDirectiveNode, into: Set<string>): void {
  const collect = (value: ConstValueNode): void => {
    if (value.kind === Kind.STRING) for (const name of value.value.match(/\w+/g) ?? []) into.add(name);
    else if (value.kind === Kind.LIST) value.values.forEach(collect);
    else if (value.kind === Kind.OBJECT) for (const field of value.fields) collect(field.value);
  };
  for (const { name, value } of given ?? []) if (selecting.has(name.value)) collect(value);
}

/** Selections looked at, those of fragments once for each path with others: nobody writes as many. */
const maximumSelections = 100_000;

/** Keys that mean different fields at one path, for different types, and what they mean. */
function fieldsByClashingKey({ definitions }: DocumentNode): ReadonlyMap<string, readonly string[]> {
  const fragments = new Map<string, SelectionSetNode>();
  for (const each of definitions) {
    if (each.kind === Kind.FRAGMENT_DEFINITION) fragments.set(each.name.value, each.selectionSet);
  }
  const clashes = new Clashes(fragments);
  for (const each of definitions) {
    if (each.kind === Kind.OPERATION_DEFINITION) clashes.lookAt([each.selectionSet]);
  }
  return clashes.found;
}

class Clashes {
  readonly found = new Map<string, string[]>();
  readonly #fragments: ReadonlyMap<string, SelectionSetNode>;
  /** Selection sets by number, and which of them have been looked at together. */
  readonly #numbers = new Map<SelectionSetNode, number>();
  readonly #seen = new Set<string>();
  #left = maximumSelections;

  constructor(fragments: ReadonlyMap<string, SelectionSetNode>) {
    this.#fragments = fragments;
  }

  /** Selections of one path, of all types. */
  lookAt(sets: readonly SelectionSetNode[]): void {
    const together = [...new Set(sets.map((set) => this.#numberOf(set)))].join();
    if (this.#seen.has(together)) return;
    this.#seen.add(together);
    const fields = new Map<string, FieldNode[]>();
    const visited = new Set<string>();
    for (const set of sets) this.#collect(set, fields, visited);
    for (const [key, nodes] of fields) {
      const [first, ...others] = nodes;
      if (first === undefined) continue;
      if (others.length > 0) this.#compare(key, nodes);
      const below = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
      if (below.length > 0) this.lookAt(below);
    }
  }

  #numberOf(set: SelectionSetNode): number {
    const number = this.#numbers.get(set) ?? this.#numbers.size;
    this.#numbers.set(set, number);
    return number;
  }

  #compare(key: string, nodes: readonly FieldNode[]): void {
    const meanings = new Set([...(this.found.get(key) ?? []), ...nodes.map(meaningOf)]);
    if (meanings.size > 1) this.found.set(key, [...meanings]);
  }

  #collect(set: SelectionSetNode, into: Map<string, FieldNode[]>, visited: Set<string>): void {
    for (const selection of set.selections) {
      this.#left -= 1;
      if (this.#left < 0) throw tooLarge();
      if (selection.kind === Kind.FIELD) {
        const nodes = into.get(keyOf(selection));
        if (nodes === undefined) into.set(keyOf(selection), [selection]);
        else nodes.push(selection);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        this.#collect(selection.selectionSet, into, visited);
      } else if (!visited.has(selection.name.value)) {
        visited.add(selection.name.value);
        const fragment = this.#fragments.get(selection.name.value);
        if (fragment !== undefined) this.#collect(fragment, into, visited);
      }
    }
  }
}
