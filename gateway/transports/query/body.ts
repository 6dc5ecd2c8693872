import { isAbsent, isObject } from '../payload.ts';

/** A request whose every part has the form that it should. */
export interface PlainBody {
  /** A document, or in its place the hash of one that is persisted. */
  readonly query: { readonly text: string } | { readonly hash: string };
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>> | undefined;
  readonly extensions: Readonly<Record<string, unknown>> | undefined;
}

/** More than is refused in JSON, since its names may be escaped: `__proto__`, and `constructor` with a prototype. */
const suspect = /proto|constructor|\\u00[5-7]/i;

/** Reads the body of a POST; null where anything is out of the common, right or wrong. */
export const readBody = (text: string): PlainBody | null => {
  if (suspect.test(text)) return null;
  const body = parsed(text);
  return isObject(body) ? readParts(body) : null;
};

/** The same of what follows the path of a GET. */
export const readSearch = (search: string): PlainBody | null => {
  const given = new URLSearchParams(search);
  const names = [...given.keys()];
  if (new Set(names).size < names.length || [...given.values()].some((value) => suspect.test(value)))
    return null;
  const query = given.get('query');
  const operationName = given.get('operationName');
  const variables = jsonOf(given.get('variables'));
  const extensions = jsonOf(given.get('extensions'));
  return variables === null || extensions === null
    ? null
    : readParts({ query, operationName, variables, extensions });
};

/** Undefined where there is nothing; null: no object. */
const jsonOf = (text: string | null): Readonly<Record<string, unknown>> | undefined | null => {
  if (text === null) return undefined;
  const value = parsed(text);
  return isObject(value) ? value : null;
};

const readParts = (body: Readonly<Record<string, unknown>>): PlainBody | null => {
  const { operationName, variables, extensions } = body;
  if (!isAbsent(operationName) && typeof operationName !== 'string') return null;
  if (!isAbsent(variables) && !isObject(variables)) return null;
  if (!isAbsent(extensions) && !isObject(extensions)) return null;
  const query = queryOf(body.query, extensions ?? undefined);
  if (query === null) return null;
  return {
    query,
    operationName: operationName ?? undefined,
    variables: variables ?? undefined,
    extensions: extensions ?? undefined,
  };
};

/** A text that comes with its hash is to be persisted, which is Apollo Server's. */
const queryOf = (query: unknown, extensions: PlainBody['extensions']): PlainBody['query'] | null => {
  const persisted = extensions?.persistedQuery;
  if (persisted === undefined) return typeof query === 'string' && query !== '' ? { text: query } : null;
  if (!isAbsent(query) || !isObject(persisted) || persisted.version !== 1) return null;
  const hash = persisted.sha256Hash;
  return typeof hash === 'string' ? { hash } : null;
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};
