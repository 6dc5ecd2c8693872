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

const statusLine = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?(?=\r\n|$)/;

/**
 * All lines behind it. Folded lines, names with a blank behind them, and halves of a line's end, which are a whole one to some
 * readers, are what smugglers send.
 */
const fieldLines = /(?:\r\n[!#$%&'*+.^_`|~0-9a-z-]+:[\t\x20-\x7e\x80-\xff]*)*$/iy;

/**
 * Reads the head of an HTTP/1.1 answer (RFC 9112), without the empty line behind it. Throws an Error for what is none, and
 * for what two readers may understand differently.
 */
export const readAnswerHead = (text: string): AnswerHead => {
  const [line, version, code] = statusLine.exec(text) ?? [];
  if (line === undefined || version === undefined || code === undefined) throw malformed('no status line');
  fieldLines.lastIndex = line.length;
  if (!fieldLines.test(text)) throw malformed('a line that is no field');
  const fields: Fields = { length: null, encoding: null, connection: '', keepAlive: '' };
  for (let at = text.indexOf('\r\n', line.length); at !== -1; ) {
    const begin = at + 2;
    at = text.indexOf('\r\n', begin);
    readField(text, begin, at === -1 ? text.length : at, fields);
  }
  const status = Number(code);
  const body = bodyOf(status, fields);
  // HTTP/1.0 has no chunks: whoever sends them may mean something else (RFC 9112, section 6.1).
  const isLast = body === 'TO_END' || (body === 'CHUNKED' && version === '0');
  return { status, body, keptMs: isLast ? 0 : keptMsOf(version, fields) };
};

interface Fields {
  length: string | null;
  encoding: string | null;
  connection: string;
  keepAlive: string;
}

const readField = (text: string, begin: number, end: number, fields: Fields): void => {
  const colon = text.indexOf(':', begin);
  const length = colon - begin;
  // Of most fields the length tells that they do not matter.
  if (length !== 10 && length !== 14 && length !== 17) return;
  const name = text.slice(begin, colon).toLowerCase();
  const value = withoutBlanks(text, colon + 1, end);
  if (name === 'content-length') {
    if (fields.length !== null) throw malformed('two lengths');
    fields.length = value;
  } else if (name === 'transfer-encoding') {
    // A blank by RFC 9110; llhttp, which many proxies have, takes it for a part of the name.
    if (text.slice(colon, end).includes('\t')) throw malformed('a tab beside the transfer encoding');
    fields.encoding = fields.encoding === null ? value : `${fields.encoding}, ${value}`;
  } else if (name === 'connection') {
    fields.connection += `,${value.toLowerCase()}`;
  } else if (name === 'keep-alive') {
    fields.keepAlive = value;
  }
};

const space = 0x20;
const tab = 0x09;
const isBlank = (code: number): boolean => code === space || code === tab;

/** Without the blanks around it. `trim` takes more for blank, and would find lengths where others find none. */
const withoutBlanks = (text: string, begin: number, end: number): string => {
  let from = begin;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
};

const bodyOf = (status: number, { length, encoding }: Fields): AnswerHead['body'] => {
  if (encoding !== null && length !== null) throw malformed('a length beside a transfer encoding');
  if (length !== null && !/^\d{1,15}$/.test(length)) throw malformed(`the length "${length}"`);
  if (status < 200 || status === 204 || status === 304) return 0;
  if (encoding === null) return length === null ? 'TO_END' : Number(length);
  if (encoding.toLowerCase() !== 'chunked') throw malformed(`the transfer encoding "${encoding}"`);
  return 'CHUNKED';
};

const keptMsOf = (version: string, { connection, keepAlive }: Fields): number => {
  const tokens = connection === '' ? [] : connection.split(',').map((token) => token.trim());
  if (tokens.includes('close') || (version === '0' && !tokens.includes('keep-alive'))) return 0;
  const seconds = keepAlive === '' ? null : /timeout=(\d{1,9})/i.exec(keepAlive)?.[1];
  if (seconds === null || seconds === undefined) return defaultKeptMs;
  return Math.min(maximumKeptMs, Math.max(0, Number(seconds) * 1000 - marginMs));
};

export const malformed = (what: string): Error => new Error(`The answer is no HTTP: ${what.slice(0, 200)}.`);
