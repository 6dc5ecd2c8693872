import { type Data, isData, isInheritedKey, ownValue, setOwn } from './data.ts';

/**
 * Merges what a subgraph answered into what is there. Objects merge by key, lists of equal length by index, anything
 * else replaces. Null replaces nothing: a second subgraph that failed to resolve a shared field must not erase the
 * first one's answer. Values are taken over, not copied.
 */
export function mergeInto(target: Data, source: Data): void {
  for (const key of Object.keys(source)) {
    const value = source[key];
    if (value === undefined) continue;
    const existing = isInheritedKey(key) ? ownValue(target, key) : target[key];
    if (existing === value) continue;
    if (existing === undefined || existing === null) {
      setOwn(target, key, value);
    } else if (value !== null && !mergedInPlace(existing, value)) {
      setOwn(target, key, value);
    }
  }
}

/** The same for these keys alone, none of which every object inherits. */
export function mergeKeysInto(target: Data, source: Data, keys: readonly string[]): void {
  for (const key of keys) {
    const value = source[key];
    if (value === undefined) continue;
    const existing = target[key];
    if (existing === undefined || existing === null) target[key] = value;
    else if (existing !== value && value !== null && !mergedInPlace(existing, value)) target[key] = value;
  }
}

function mergedInPlace(existing: unknown, value: unknown): boolean {
  if (Array.isArray(existing)) {
    if (!Array.isArray(value) || value.length !== existing.length) return false;
    for (let index = 0; index < value.length; index++) mergeItem(existing, index, value[index]);
    return true;
  }
  if (!isData(existing) || !isData(value)) return false;
  mergeInto(existing, value);
  return true;
}

function mergeItem(list: unknown[], index: number, value: unknown): void {
  const existing = list[index];
  if (existing === value) return;
  if (existing === undefined || existing === null) list[index] = value;
  else if (value !== null && !mergedInPlace(existing, value)) list[index] = value;
}
