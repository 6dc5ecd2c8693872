import { credentialsOf, ownHeaders } from './endpoint.ts';

const fieldName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** They say how the request is to be read, which is not for others to say. */
const framing = new Set(['content-length', 'transfer-encoding', 'connection', 'upgrade', 'expect', 'host']);

/** The head of a POST to a URL, up to what differs from request to request. */
export const fixedHead = (url: URL): string => {
  const { host, pathname, search } = url;
  const own = Object.entries({ ...ownHeaders, ...credentialsOf(url) }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `POST ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n${own.join('')}`;
};

/** The whole head, with the empty line. Throws an Error for headers that cannot be sent. */
export const requestHead = (
  fixed: string,
  headers: Readonly<Record<string, string>> | undefined,
  bodyBytes: number,
): string => {
  let head = fixed;
  for (const name in headers) {
    const value = headers[name];
    const key = name.toLowerCase();
    if (value === undefined || Object.hasOwn(ownHeaders, key)) continue;
    if (!fieldName.test(name) || !fieldValue.test(value) || framing.has(key))
      throw new Error(`The header "${name.slice(0, 100)}" cannot be sent.`);
    head += `${name}: ${value}\r\n`;
  }
  return `${head}content-length: ${bodyBytes}\r\n\r\n`;
};
