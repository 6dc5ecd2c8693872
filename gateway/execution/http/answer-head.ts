/** The head of an answer, as far as it matters. */
export interface AnswerHead {
  readonly status: number;
  /** Bytes of the body, or how its end is told. */
  readonly body: number | 'CHUNKED' | 'TO_END';
  /** Milliseconds for which the connection may stay idle behind the answer; 0: it is not to be used again. */
  readonly keptMs: number;
}

/** For servers that do not say how long they keep a connection; five seconds is Node's own. */
const defaultKeptMs = 4_000;
const maximumKeptMs = 600_000;

/** A server that closes an idle connection is to be outrun. */
const marginMs = 1_000;

const statusLine = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: |\r|$)/;

/**
 * Reads the head of an HTTP/1.1 answer (RFC 9112), without the empty line behind it. Throws an Error for what is none, and
 * for what two readers may understand differently.
 */
export const readAnswerHead = (text: string): AnswerHead => {
  const [, version, code] = statusLine.exec(text) ?? [];
  if (version === undefined || code === undefined) throw malformed('no status line');
  const fields: Fields = { length: null, encoding: null, connection: '', keepAlive: '' };
  for (let at = text.indexOf('\r\n'); at !== -1; ) {
    const begin = at + 2;
    at = text.indexOf('\r\n', begin);
    readField(text, begin, at === -1 ? text.length : at, fields);
  }
  const status = Number(code);
  const body = bodyOf(status, fields);
  return { status, body, keptMs: body === 'TO_END' ? 0 : keptMsOf(version, fields) };
};

interface Fields {
  length: string | null;
  encoding: string | null;
  connection: string;
  keepAlive: string;
}

const space = 0x20;
const tab = 0x09;
const isBlank = (code: number): boolean => code === space || code === tab;

const readField = (text: string, begin: number, end: number, fields: Fields): void => {
  const colon = text.indexOf(':', begin);
  // A folded line, and a name with a blank behind it, are what smugglers send.
  if (
    colon <= begin ||
    colon >= end ||
    isBlank(text.charCodeAt(begin)) ||
    isBlank(text.charCodeAt(colon - 1))
  )
    throw malformed('a field without a name');
  const length = colon - begin;
  // Of most fields the length tells that they do not matter.
  if (length !== 10 && length !== 14 && length !== 17) return;
  const name = text.slice(begin, colon).toLowerCase();
  const value = text.slice(colon + 1, end).trim();
  if (name === 'content-length') {
    if (fields.length !== null && fields.length !== value) throw malformed('two lengths');
    fields.length = value;
  } else if (name === 'transfer-encoding') {
    fields.encoding = fields.encoding === null ? value : `${fields.encoding}, ${value}`;
  } else if (name === 'connection') {
    fields.connection += `,${value.toLowerCase()}`;
  } else if (name === 'keep-alive') {
    fields.keepAlive = value;
  }
};

const bodyOf = (status: number, { length, encoding }: Fields): AnswerHead['body'] => {
  if (status < 200 || status === 204 || status === 304) return 0;
  if (encoding !== null) {
    if (length !== null) throw malformed('a length beside a transfer encoding');
    if (encoding.toLowerCase() !== 'chunked') throw malformed(`the transfer encoding "${encoding}"`);
    return 'CHUNKED';
  }
  if (length === null) return 'TO_END';
  if (!/^\d{1,15}$/.test(length)) throw malformed(`the length "${length}"`);
  return Number(length);
};

const keptMsOf = (version: string, { connection, keepAlive }: Fields): number => {
  const tokens = connection === '' ? [] : connection.split(',').map((token) => token.trim());
  if (tokens.includes('close') || (version === '0' && !tokens.includes('keep-alive'))) return 0;
  const seconds = keepAlive === '' ? null : /timeout=(\d{1,9})/i.exec(keepAlive)?.[1];
  if (seconds === null || seconds === undefined) return defaultKeptMs;
  return Math.min(maximumKeptMs, Math.max(0, Number(seconds) * 1000 - marginMs));
};

export const malformed = (what: string): Error => new Error(`The answer is no HTTP: ${what.slice(0, 200)}.`);
