import { type ASTNode, type GraphQLError, getLocation, type Location } from 'graphql';
import { suggestionList } from 'graphql/jsutils/suggestionList.js';
import type { SchemaMistake } from '../description.ts';
import type { SchemaSource } from '../source.ts';
import { SchemaInvalidError } from './schema-invalid.ts';

/** Gathers mistakes while the SDL is read, so that all are told at once. */
export class Mistakes {
  readonly #sources: readonly SchemaSource[];
  readonly #found: SchemaMistake[] = [];

  constructor(sources: readonly SchemaSource[]) {
    this.#sources = sources;
  }

  get count(): number {
    return this.#found.length;
  }

  /** A mistake at a node; one that completion added has no place of its own, so it is told at the first line. */
  add(node: Pick<ASTNode, 'loc'> | null | undefined, message: string, cure: string): void {
    this.#found.push({ message, cure, ...this.#place(node?.loc) });
  }

  /** A mistake that graphql-js or federation found. */
  addError(error: GraphQLError, cure: string): void {
    const loc = error.nodes?.find((node) => node.loc !== undefined)?.loc;
    if (loc !== undefined || error.source === undefined) {
      this.#found.push({ message: sentence(error.message), cure, ...this.#place(loc) });
      return;
    }
    const { line, column } = error.locations?.[0] ?? { line: 1, column: 1 };
    this.#found.push({ message: sentence(error.message), cure, file: error.source.name, line, column });
  }

  /** Throws what was found; a mistake that two rules see is told once. */
  throwIfAny(): void {
    if (this.#found.length === 0) return;
    const order = new Map(this.#sources.map((source, index) => [source.file, index]));
    const unique = new Map(this.#found.map((mistake) => [JSON.stringify(mistake), mistake]));
    const sorted = [...unique.values()].sort(
      (a, b) => (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) || a.line - b.line || a.column - b.column,
    );
    throw new SchemaInvalidError(sorted, this.#sources);
  }

  #place(loc: Location | undefined): { file: string; line: number; column: number } {
    if (loc === undefined) return { file: this.#sources[0]?.file ?? 'schema.graphql', line: 1, column: 1 };
    return { file: loc.source.name, ...getLocation(loc.source, loc.start) };
  }
}

/** `Did you mean "flights"?` with the name that looks most like `name`; where none does, `fallback`. */
export const didYouMean = (name: string, candidates: Iterable<string>, fallback: string): string => {
  const [closest] = suggestionList(name, [...candidates]);
  return closest === undefined ? fallback : `Did you mean "${closest}"?`;
};

/** `"a"`, `"a" or "b"`, `"a", "b" or "c"`. */
export const oneOf = (names: readonly string[]): string => {
  const quoted = names.map((name) => `"${name}"`);
  const last = quoted.at(-1) ?? '';
  return quoted.length < 2 ? last : `${quoted.slice(0, -1).join(', ')} or ${last}`;
};

/** Messages of libraries end without a stop. */
export const sentence = (message: string): string => (/[.?!]$/.test(message) ? message : `${message}.`);
