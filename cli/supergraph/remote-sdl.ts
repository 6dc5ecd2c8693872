import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RemoteSubgraph } from '../configuration/configuration.ts';

/** SDL of a subgraph that runs elsewhere. CACHED: it does not answer, so what it answered last is used. */
export type RemoteSdl =
  | { readonly kind: 'ANSWERED' | 'FILE'; readonly sdl: string }
  | { readonly kind: 'CACHED'; readonly sdl: string; readonly why: string }
  | { readonly kind: 'MISSING'; readonly why: string };

const timeoutMs = 3_000;
/** An SDL is some hundred kilobytes at most; more is not one. */
const maximumBytes = 16 * 1024 * 1024;

/**
 * The SDL of the `schema` file, else what `_service { sdl }` answers, else what it answered last, which is kept under
 * `data`. Rejects only when the file cannot be read.
 */
export const remoteSdl = async (
  subgraph: RemoteSubgraph,
  data: string,
  signal?: AbortSignal,
): Promise<RemoteSdl> => {
  if (subgraph.schema !== null) return { kind: 'FILE', sdl: readFileSync(subgraph.schema, 'utf8') };
  const cache = join(data, 'sdl', `${subgraph.name}.graphql`);
  try {
    const sdl = await askForSdl(subgraph.url, signal);
    if (sdl !== readCache(cache)) writeCache(cache, sdl);
    return { kind: 'ANSWERED', sdl };
  } catch (error) {
    const why = reasonOf(error);
    const sdl = readCache(cache);
    return sdl === null ? { kind: 'MISSING', why } : { kind: 'CACHED', sdl, why };
  }
};

/** What the subgraph that runs there answers to `_service { sdl }`. Rejects when it does not within 3 s. */
export const askForSdl = async (url: string, signal?: AbortSignal): Promise<string> => {
  const timeout = AbortSignal.timeout(timeoutMs);
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json',
    },
    body: JSON.stringify({ query: '{ _service { sdl } }' }),
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
  });
  const body = await response.text();
  if (body.length > maximumBytes) throw new Error(`its answer has ${body.length} characters`);
  let answer: { data?: { _service?: { sdl?: unknown } | null } | null; errors?: { message?: unknown }[] };
  try {
    answer = JSON.parse(body) as typeof answer;
  } catch {
    throw new Error(`it answers HTTP ${response.status} with something that is no JSON`);
  }
  const sdl = answer?.data?._service?.sdl;
  if (typeof sdl === 'string' && sdl !== '') return sdl;
  const message = answer?.errors?.[0]?.message;
  throw new Error(
    `it answers HTTP ${response.status} without _service { sdl }${message === undefined ? '' : `: ${String(message)}`}`,
  );
};

const readCache = (file: string): string | null => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
};

const writeCache = (file: string, sdl: string): void => {
  try {
    mkdirSync(dirname(file), { recursive: true });
    // Renamed into place: a gateway that is killed while it writes must not find half an SDL at the next start.
    const fresh = `${file}.${process.pid}`;
    writeFileSync(fresh, sdl);
    renameSync(fresh, file);
  } catch {
    // A folder that cannot be written, as in many containers, costs the cache and not the answer.
  }
};

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`;
  const cause = error.cause as NodeJS.ErrnoException | undefined;
  return cause?.message || cause?.code || error.message;
};
