import type { FetchDataRewrite } from '@apollo/query-planner';
import { type Data, isData, ownValue, setOwn } from './data.ts';
import type { TypeRelations } from './types.ts';

const fragmentPrefix = '... on ';

/** Changes an object in place, as the planner asks for the input or the output of a fetch. */
export type Rewrite = (object: Data) => void;

/**
 * Compiles the planner's rewrites; null where there are none. A path is of response keys and `... on Type`, which
 * holds also for objects without a `__typename`; what it does not find it leaves alone.
 */
export function compileRewrites(
  rewrites: readonly FetchDataRewrite[] | undefined,
  types: TypeRelations,
): Rewrite | null {
  if (rewrites === undefined || rewrites.length === 0) return null;
  const compiled = rewrites.map((rewrite) => {
    const change = changeOf(rewrite);
    const path = rewrite.path.slice(0, -1);
    return (object: Data) => applyAt(object, path, 0, types, change);
  });
  return (object) => {
    for (const rewrite of compiled) rewrite(object);
  };
}

function changeOf(rewrite: FetchDataRewrite): Rewrite {
  const key = rewrite.path.at(-1) ?? '';
  if (rewrite.kind === 'ValueSetter') return (object) => setOwn(object, key, rewrite.setValueTo);
  return (object) => {
    const value = ownValue(object, key);
    if (value === undefined) return;
    delete object[key];
    setOwn(object, rewrite.renameKeyTo, value);
  };
}

function applyAt(
  value: unknown,
  path: readonly string[],
  index: number,
  types: TypeRelations,
  change: Rewrite,
): void {
  if (Array.isArray(value)) {
    for (const item of value) applyAt(item, path, index, types, change);
    return;
  }
  if (!isData(value)) return;
  const element = path[index];
  if (element === undefined) {
    change(value);
  } else if (!element.startsWith(fragmentPrefix)) {
    applyAt(ownValue(value, element), path, index + 1, types, change);
  } else {
    const typename = value.__typename;
    if (typeof typename !== 'string' || types.isOfType(typename, element.slice(fragmentPrefix.length))) {
      applyAt(value, path, index + 1, types, change);
    }
  }
}
