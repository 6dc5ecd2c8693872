import { isAbsent, isObject } from '../payload.ts';

/** A request whose every part has the form that it should. */
export interface PlainBody {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>> | undefined;
  readonly extensions: Readonly<Record<string, unknown>> | undefined;
}

/** More than is refused in JSON, since its names may be escaped: `__proto__`, and `constructor` with a prototype. */
const suspect = /proto|constructor|\\u00[5-7]/i;

/** Reads a body; null where anything is out of the common, right or wrong. Persisted queries are. */
export const readBody = (text: string): PlainBody | null => {
  if (suspect.test(text)) return null;
  const body = parsed(text);
  if (!isObject(body)) return null;
  const { query, operationName, variables, extensions } = body;
  if (typeof query !== 'string' || query === '') return null;
  if (!isAbsent(operationName) && typeof operationName !== 'string') return null;
  if (!isAbsent(variables) && !isObject(variables)) return null;
  if (!isAbsent(extensions) && (!isObject(extensions) || 'persistedQuery' in extensions)) return null;
  return {
    query,
    operationName: operationName ?? undefined,
    variables: variables ?? undefined,
    extensions: extensions ?? undefined,
  };
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};
