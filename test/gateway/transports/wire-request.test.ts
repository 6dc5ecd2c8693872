import { describe, expect, test } from 'vitest';
import { readWireRequest } from '../../../gateway/transports/query/wire-request.ts';

const read = (text: string) => readWireRequest(Buffer.from(text, 'latin1'));
const post = (fields: string, body = '{}'): string =>
  `POST /graphql HTTP/1.1\r\nHost: localhost\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;

describe('a request that can be understood in one way only', () => {
  test('POST', () => {
    const request = read(post('Accept:  */* \r\nX-Empty:\r\nconnection: Keep-Alive\r\n', '{"a":1}'));
    expect(request).toMatchObject({ method: 'POST', url: '/graphql', httpVersion: '1.1' });
    expect({ ...request?.headers }).toEqual({
      host: 'localhost',
      accept: '*/*',
      'x-empty': '',
      connection: 'Keep-Alive',
      'content-length': '7',
    });
    expect(String(request?.body)).toBe('{"a":1}');
  });

  test('GET', () => {
    const request = read('GET /graphql?query=%7Ba%7D HTTP/1.1\r\nhost: localhost\r\n\r\n');
    expect(request).toMatchObject({ method: 'GET', url: '/graphql?query=%7Ba%7D' });
    expect(request?.body).toHaveLength(0);
  });
});

test('a head full of blanks takes no longer than another', () => {
  const blanks = ' '.repeat(7_000);
  const began = performance.now();
  for (let count = 0; count < 20; count++) expect(read(post(`x:${blanks}\x01\r\n`))).toBe(null);
  // 60 ms each, once.
  expect(performance.now() - began).toBeLessThan(200);
});

test.each([
  ['nothing', ''],
  ['half a head', post('').slice(0, 30)],
  ['half a body', post('').slice(0, -1)],
  ['more than one request', post('') + post('')],
  ['another path', post('').replace('/graphql', '/')],
  ['an address in place of a path', post('').replace('/graphql', 'http://localhost/graphql')],
  ['another method', post('').replace('POST', 'PUT')],
  ['HTTP/1.0', post('').replace('HTTP/1.1', 'HTTP/1.0')],
  ['an empty line before it', `\r\n${post('')}`],
  ['no Host', post('').replace('Host', 'Other')],
  ['a field twice', post('accept: */*\r\nAccept: */*\r\n')],
  ['two lengths', post('content-length: 2\r\n')],
  ['a length that is none', post('').replace('Length: 2', 'Length: +2')],
  ['a length in hexadecimal', post('').replace('Length: 2', 'Length: 0x2')],
  ['no length', post('').replace('Content-Length', 'Other')],
  ['a blank before a colon', post('accept : */*\r\n')],
  ['a folded line', post('accept: a\r\n b\r\n')],
  ['a bare line feed', post('accept: a\nb: c\r\n')],
  ['a bare carriage return', post('accept: a\rb\r\n')],
  ['a NUL', post('accept: a\0\r\n')],
  ['a value beyond ASCII', post('x-name: Z\xfcrich\r\n')],
  ['a name beyond ASCII', post('x-n\xfc: a\r\n')],
  ['an encoding of the transfer', post('Transfer-Encoding: chunked\r\n')],
  ['a wish to be asked', post('Expect: 100-continue\r\n')],
  ['another protocol', post('Connection: Upgrade\r\nUpgrade: websocket\r\n')],
  ['an end of the connection', post('Connection: close\r\n')],
  ['a connection with options', post('Connection: keep-alive, te\r\n')],
  ['many fields', post(Array.from({ length: 70 }, (_, number) => `x-${number}: a\r\n`).join(''))],
  ['a long head', post(`x-long: ${'a'.repeat(9_000)}\r\n`)],
])("%s is Node's to read", (_, text) => {
  expect(read(text)).toBe(null);
});
