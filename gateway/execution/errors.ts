import { GraphQLError } from 'graphql';
import { type ErrorCode, TributaryError } from '../../schema/errors.ts';
import { type Data, isData } from './data.ts';

/** An error's way through the client's answer. */
export type ResponsePath = readonly (string | number)[];

/** Errors of one result beyond this are dropped: a list of 10,000 entities must not make 10,000 errors. */
export const maximumErrors = 100;

/** What clients may see of an error. */
export interface SafeError {
  readonly message: string;
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** Why objects lack the fields of a fetch. */
export interface Failure extends SafeError {
  /** True when the cause is reported elsewhere already, so the missing fields are null without a word. */
  readonly quiet: boolean;
}

/** Which fetches failed for which objects, so that the missing fields can say so at the client's own paths. */
export class Failures {
  /** Made when something fails: most runs need neither. */
  #marks: Map<Data, Map<string, Failure>> | null = null;
  #raised: Map<Failure, Set<number>> | null = null;

  /** The fields `keys` of `object`, which belongs to the result number `root`, are missing because of `failure`. */
  mark(object: Data, keys: readonly string[], failure: Failure, root: number): void {
    this.#marks ??= new Map();
    this.#raised ??= new Map();
    const marks = this.#marks.get(object) ?? new Map<string, Failure>();
    this.#marks.set(object, marks);
    for (const key of keys) if (!marks.has(key)) marks.set(key, failure);
    const roots = this.#raised.get(failure);
    if (roots === undefined) this.#raised.set(failure, new Set([root]));
    else roots.add(root);
  }

  at(object: Data, key: string): Failure | undefined {
    return this.#marks?.get(object)?.get(key);
  }

  /** Any failure of the object: what a fetch that needs more of it did not get. */
  of(object: Data): Failure | undefined {
    return this.#marks?.get(object)?.values().next().value;
  }

  /** Failures that concern a result and have not been reported elsewhere. */
  raisedFor(root: number): Failure[] {
    if (this.#raised === null) return [];
    return [...this.#raised].flatMap(([failure, roots]) =>
      roots.has(root) && !failure.quiet ? [failure] : [],
    );
  }
}

/** An error of our own that names a subgraph. */
export const subgraphError = (
  code: ErrorCode,
  subgraph: string,
  what: string,
  cause?: unknown,
): TributaryError =>
  new TributaryError(code, `Subgraph "${subgraph}" ${what}`, {
    details: { subgraph },
    ...(cause === undefined ? {} : { cause }),
  });

/** What the fields of a fetch that was rejected say. */
export const failureOf = (error: TributaryError, subgraph: string): Failure => ({
  message: error.message,
  extensions: { ...error.extensions, subgraph },
  quiet: false,
});

/** Extensions of subgraph errors that tell of its inside, or (`http`) would steer @apollo/server's answer. */
const insideKeys = new Set(['stacktrace', 'exception', 'serviceName', 'http']);

/** A subgraph's own error, with its code if it gave one, without what tells of its inside. */
export function safeError(error: unknown, subgraph: string): SafeError {
  const given = isData(error) ? error : {};
  const extensions: Record<string, unknown> = { code: 'SUBGRAPH_FAILED' };
  if (isData(given.extensions)) {
    for (const [key, value] of Object.entries(given.extensions)) {
      if (!insideKeys.has(key)) extensions[key] = value;
    }
  }
  extensions.subgraph = subgraph;
  const message =
    typeof given.message === 'string' && given.message !== ''
      ? given.message
      : `Subgraph "${subgraph}" answered with an error.`;
  return { message, extensions };
}

export const pathOf = (error: unknown): ResponsePath | undefined => {
  const path = isData(error) ? error.path : undefined;
  return Array.isArray(path) &&
    path.every((element) => typeof element === 'string' || typeof element === 'number')
    ? path
    : undefined;
};

/** Adds an error to a result, unless the result has its fill. */
export function report(errors: GraphQLError[], error: SafeError, path?: ResponsePath): void {
  if (errors.length >= maximumErrors) return;
  errors.push(
    new GraphQLError(error.message, {
      extensions: error.extensions,
      ...(path === undefined ? {} : { path }),
    }),
  );
}

/** An error that refuses a whole request before anything is executed. */
export const requestError = (
  message: string,
  code: ErrorCode,
  details: Record<string, unknown> = {},
): GraphQLError => new GraphQLError(message, { extensions: { ...details, code } });
