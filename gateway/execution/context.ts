import type { FetchDataRewrite } from '@apollo/query-planner';
import { type Data, isData, ownValue } from './data.ts';
import type { TypeRelations } from './types.ts';

const fragmentPrefix = '... on ';

/** Reads the values of `@fromContext` arguments for an object from the objects around it, by variable name. */
export type ReadContext = (object: Data, ancestors: readonly Data[]) => Record<string, unknown>;

/**
 * Compiles the planner's context rewrites: `..` for each object to go up, then `... on Type` and field names. Of several
 * rewrites for one argument the first whose type fits gives the value.
 */
export function compileContext(
  rewrites: readonly FetchDataRewrite[] | undefined,
  types: TypeRelations,
): ReadContext | null {
  const readers = (rewrites ?? []).flatMap((rewrite) =>
    rewrite.kind === 'KeyRenamer'
      ? [{ variable: rewrite.renameKeyTo, read: compileRead(rewrite.path, types) }]
      : [],
  );
  if (readers.length === 0) return null;
  return (object, ancestors) => {
    const values: Record<string, unknown> = {};
    for (const { variable, read } of readers) {
      if (values[variable] !== undefined) continue;
      const value = read(object, ancestors);
      if (value !== undefined) values[variable] = value;
    }
    return values;
  };
}

function compileRead(path: readonly string[], types: TypeRelations) {
  const up = path.filter((element) => element === '..').length;
  const down = path.slice(up);
  return (object: Data, ancestors: readonly Data[]): unknown =>
    readDown(up === 0 ? object : ancestors[ancestors.length - up], down, 0, types);
}

function readDown(value: unknown, path: readonly string[], index: number, types: TypeRelations): unknown {
  const element = path[index];
  if (element === undefined || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => readDown(item, path, index, types));
  if (!isData(value)) return undefined;
  if (!element.startsWith(fragmentPrefix)) return readDown(ownValue(value, element), path, index + 1, types);
  const typename = value.__typename;
  const fits = typeof typename !== 'string' || types.isOfType(typename, element.slice(fragmentPrefix.length));
  return fits ? readDown(value, path, index + 1, types) : undefined;
}
