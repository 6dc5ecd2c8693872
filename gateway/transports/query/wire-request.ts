import type { IncomingHttpHeaders } from 'node:http';

/** A whole request, as it stood in one read. */
export interface WireRequest {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: '1.1';
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const headEnd = Buffer.from('\r\n\r\n');
const requestLine = /^(GET|POST) (\/graphql[\x21-\x7e]*) HTTP\/1\.1$/;
/** Blanks are for later: two parts that both take them would try each way to share a thousand of them. */
const field = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e]*)$/;
const maximumFields = 64;
const maximumHead = 8 * 1024;

/** What makes a request more than its head and its length. */
const special = [
  'transfer-encoding',
  'upgrade',
  'expect',
  'te',
  'trailer',
  'http2-settings',
  'proxy-connection',
];

/**
 * Reads a request to /graphql whose bytes can be understood in one way only; null: anything else, whole or not, right or wrong,
 * which is Node's to read. Each field may be there once.
 */
export const readWireRequest = (bytes: Buffer): WireRequest | null => {
  const end = bytes.indexOf(headEnd);
  if (end === -1 || end > maximumHead) return null;
  const [line = '', ...fields] = bytes.toString('latin1', 0, end).split('\r\n');
  const [, method, url] = requestLine.exec(line) ?? [];
  if (method === undefined || url === undefined || fields.length > maximumFields) return null;
  const headers = readFields(fields);
  if (headers === null || headers.host === undefined) return null;
  const { connection } = headers;
  if (connection !== undefined && connection.toLowerCase() !== 'keep-alive') return null;
  const length = headers['content-length'] ?? '0';
  const body = bytes.subarray(end + headEnd.length);
  if (!/^\d{1,9}$/.test(length) || body.length !== Number(length)) return null;
  return { method, url, httpVersion: '1.1', headers, body };
};

const readFields = (fields: readonly string[]): Record<string, string> | null => {
  const headers: Record<string, string> = Object.create(null);
  for (const text of fields) {
    const [, name, value] = field.exec(text) ?? [];
    if (name === undefined || value === undefined) return null;
    const key = name.toLowerCase();
    if (key in headers || special.includes(key)) return null;
    headers[key] = value.trim();
  }
  return headers;
};
