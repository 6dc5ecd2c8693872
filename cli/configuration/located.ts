import { isAlias, isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseDocument } from 'yaml';
import type { Mistake } from '../mistakes.ts';

export interface Place {
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
}

/** A value that knows where it was written, so that every message can point at it. */
export type Located =
  | { readonly kind: 'scalar'; readonly place: Place; readonly value: string | number | boolean | null }
  | { readonly kind: 'list'; readonly place: Place; readonly items: readonly Located[] }
  | { readonly kind: 'section'; readonly place: Place; readonly entries: ReadonlyMap<string, Entry> };

export interface Entry {
  /** Where the key stands. */
  readonly place: Place;
  readonly value: Located;
}

/** Reads YAML into located values; what is no YAML is added to `mistakes`. Null when there is nothing to go on with. */
export const locate = (file: string, text: string, mistakes: Mistake[]): Located | null => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  for (const error of document.errors) {
    mistakes.push({
      ...placeAt(error.pos[0]),
      message: `The file is no YAML: ${error.message}.`,
      cure: 'Look at brackets, quotes and indentation near that place.',
    });
  }
  if (document.errors.length > 0 || document.contents === null) return null;

  const walk = (node: ParsedNode | null | undefined, fallback: Place): Located => {
    const place = node?.range ? placeAt(node.range[0]) : fallback;
    const resolved = isAlias(node) ? node.resolve(document) : node;
    if (isMap<ParsedNode, ParsedNode | null>(resolved)) {
      const entries = resolved.items.map(({ key, value }): [string, Entry] => {
        const keyPlace = key.range ? placeAt(key.range[0]) : place;
        return [String(isScalar(key) ? key.value : key), { place: keyPlace, value: walk(value, keyPlace) }];
      });
      return { kind: 'section', place, entries: new Map(entries) };
    }
    if (isSeq<ParsedNode>(resolved))
      return { kind: 'list', place, items: resolved.items.map((item) => walk(item, place)) };
    return { kind: 'scalar', place, value: isScalar(resolved) ? scalarOf(resolved.value) : null };
  };
  return walk(document.contents, placeAt(0));
};

const scalarOf = (value: unknown): string | number | boolean | null =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null
    ? value
    : String(value);

/** How a value looks in a message. */
export const shown = (located: Located): string => {
  if (located.kind === 'list') return 'a list';
  if (located.kind === 'section') return 'a section';
  return located.value === null ? 'empty' : JSON.stringify(located.value);
};
