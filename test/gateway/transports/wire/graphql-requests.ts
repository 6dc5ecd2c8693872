import { createHash } from 'node:crypto';
import fc from 'fast-check';

/** Requests to /graphql whose framing is right, and whose rest is out of the common in every way: Latin-1. */

const often = <T>(value: T, rest: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: rest });
const pick = fc.constantFrom;

export const documents = [
  '{ __typename }',
  'query Name($id: ID!) { item(id: $id) { id name } }',
  'query A { item(id: 1) { name } } query B { item(id: 2) { name } }',
  'mutation M { rename(id: 1, name: "new") { name } }',
  'query Many($id: ID = "Zürich", $no: Boolean = false) { item(id: $id) { id name @skip(if: $no) } }',
] as const;

const hash = createHash('sha256').update(documents[1]).digest('hex');

const query = fc.oneof(
  { weight: 8, arbitrary: pick<unknown>(...documents) },
  {
    weight: 1,
    arbitrary: pick<unknown>('', '{', '{ nothing }', 'subscription { tick }', null, 1, {}, [
      '{ __typename }',
    ]),
  },
);
const variables = pick<unknown>(
  { id: 'x' },
  { id: 1, no: true },
  { id: 1.5 },
  { id: 'Zürich \u2028 \ud83d\udeeb' },
  { id: { a: [1] }, no: 'x' },
  { toString: 1, hasOwnProperty: 2, id: 3 },
  { id: '__proto__' },
  { id: null, more: [[[[]]]] },
  {},
  null,
  [1],
  'text',
  0,
  '',
  false,
);
const extensions = pick<unknown>(
  {},
  null,
  { persistedQuery: { version: 1, sha256Hash: hash } },
  { persistedQuery: null },
  { tributary: { after: { topic: [[0, 7]] } } },
  { tributary: { after: { topic: [[-1, 'x']] } } },
  { tributary: null },
  [],
  'x',
  0,
  false,
);
const operationName = pick<unknown>('A', 'B', 'Name', 'C', '', null, 1, false);

const parts = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ query: pick(...documents.slice(0, 2)), variables: pick({ id: 'x' }, { id: 1 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record(
      { query, variables, extensions, operationName },
      { requiredKeys: ['query', 'variables'] },
    ),
  },
);

/** JSON as it may be written, and what is none. */
const json = fc.oneof(
  { weight: 6, arbitrary: parts.map((body) => JSON.stringify(body)) },
  { weight: 1, arbitrary: parts.map((body) => JSON.stringify(body, null, '\t')) },
  {
    weight: 1,
    arbitrary: fc
      .record({
        body: parts,
        at: fc.nat(300),
        by: pick('\0', '\ufeff', '"', '}', '\\u0000', '\\u005f', ' ', '\u00a0'),
      })
      .map(({ body, at, by }) => {
        const text = JSON.stringify(body);
        const place = at % (text.length + 1);
        return text.slice(0, place) + by + text.slice(place);
      }),
  },
  {
    weight: 1,
    arbitrary: pick(
      '',
      ' ',
      'null',
      '[]',
      '{"query":"{ nothing }","query":"{ __typename }"}',
      '{"query":"{ __typename }","__proto__":{}}',
      '{"query":"{ __typename }","variables":{"constructor":{"prototype":1}}}',
      '{"query":"{ \\u005f_typename }"}',
      `{"query":"{ __typename }","variables":${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}}`,
      '{"query":"{ __typename }"}x',
      '\ufeff{"query":"{ __typename }"}',
    ),
  },
);

/** UTF-8, and now and then not. */
const bytesOf = (text: string): string => Buffer.from(text).toString('latin1');
const body = fc.oneof(
  { weight: 9, arbitrary: json.map(bytesOf) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(json, pick('\xff', '\xc3', '\xed\xa0\x80', '\xf0\x9f'))
      .map(([text, by]) => bytesOf(text).replace('x', by)),
  },
);

const accepts = often(
  '',
  pick(
    ...[
      '*/*',
      'application/json',
      'application/json, */*',
      'application/json, text/plain, */*',
      'application/graphql-response+json',
      'application/graphql-response+json, application/json',
      'application/graphql-response+json,application/json;q=0.9',
      'Application/JSON',
      'application/json;charset=utf-8',
      'text/event-stream',
      'multipart/mixed',
      'text/html',
      'application/json;q=0',
      'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed',
    ].map((value) => `Accept: ${value}\r\n`),
    'Accept:\r\n',
  ),
);
const types = often(
  'Content-Type: application/json\r\n',
  pick(
    '',
    'Content-Type:\r\n',
    ...[
      'application/json; charset=utf-8',
      'application/json;charset=utf-8',
      'application/json; charset=utf-16',
      'application/json; charset=latin1',
      'APPLICATION/JSON',
      'application/json, text/plain',
      'application/jsonx',
      'text/plain',
      'application/graphql',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=a',
    ].map((value) => `Content-Type: ${value}\r\n`),
  ),
);
const hosts = often(
  'localhost',
  pick('LOCALHOST', '127.0.0.1:4000', '[::1]', 'evil.example', 'localhost:1@evil.example', 'a b', ''),
);
const field = pick(
  'Origin: http://localhost:5173\r\n',
  'Origin: https://evil.example\r\n',
  'Origin: null\r\n',
  'Origin:\r\n',
  'X-Apollo-Operation-Name: Any\r\n',
  'X-Apollo-Operation-Name:\r\n',
  'Apollo-Require-Preflight: true\r\n',
  'X-Request-Id: request-0001\r\n',
  'X-Request-Id: not one\r\n',
  'X-Request-Id: \r\n',
  'Apollographql-Client-Name: web\r\n',
  'Accept-Encoding: gzip, br\r\n',
  'Accept-Language: de\r\n',
  'Authorization: Bearer x\r\n',
  'Cookie: a=b\r\n',
  'Content-Encoding: gzip\r\n',
  'Content-Encoding: identity\r\n',
  'Last-Event-Id: end\r\n',
  'Range: bytes=0-1\r\n',
  'If-None-Match: *\r\n',
  'X-Http-Method-Override: GET\r\n',
  'Connection: keep-alive\r\n',
  'Connection: close\r\n',
);
const fields = often(
  [],
  fc.uniqueArray(field, { maxLength: 3, selector: (text) => text.slice(0, text.indexOf(':')) }),
);

const posts = fc
  .record({
    target: often(
      '/graphql',
      pick('/graphql?', '/graphql/', '/graphql?query=%7B__typename%7D', '/GraphQL', '//graphql', '/graphql#'),
    ),
    method: often('POST', pick('PUT', 'DELETE', 'OPTIONS')),
    body,
  })
  .map(({ target, method, body }) => ({ line: `${method} ${target}`, body }));

const encoded = (value: unknown): string =>
  encodeURIComponent(typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('%20', '+');
const gets = fc
  .record({
    method: often('GET', pick('HEAD', 'OPTIONS')),
    parts,
    more: often(
      '',
      pick(
        '&query=%7B__typename%7D',
        '&a=b',
        '&',
        '&=&',
        '&variables=%zz',
        '&extensions=%ff',
        '&a;b',
        '#x',
        '?',
        '&a="<>^`{|}\'',
      ),
    ),
  })
  .map(({ method, parts, more }) => {
    const search = Object.entries(parts).map(([name, value]) => `${name}=${encoded(value)}`);
    return { line: `${method} /graphql?${search.join('&')}${more}`, body: '' };
  });

export const graphqlRequests: fc.Arbitrary<string> = fc
  .record({
    request: fc.oneof({ weight: 2, arbitrary: posts }, { weight: 1, arbitrary: gets }),
    host: hosts,
    types,
    accepts,
    fields,
  })
  .map(({ request: { line, body }, host, types, accepts, fields }) => {
    const length =
      /^(?:GET|HEAD|OPTIONS) /.test(line) && body === '' ? '' : `Content-Length: ${body.length}\r\n`;
    return `${line} HTTP/1.1\r\nHost: ${host}\r\n${types}${accepts}${fields.join('')}${length}\r\n${body}`;
  });
