import fc from 'fast-check';

/** Texts of requests as clients, and attackers, send them one behind the other: Latin-1. */

const pick = (...texts: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);
const often = <T>(value: T, rest: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: rest });

const method = often('POST', pick('GET', 'PUT', 'HEAD', 'OPTIONS', 'post', 'PRI'));
const target = often(
  '/graphql',
  pick('/graphql?query=%7Ba%7D', '/graphql?a=b#c', '/', '*', 'http://localhost/graphql', '/graphql\xff', ''),
);
const version = often('HTTP/1.1', pick('HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/1.1 ', 'http/1.1'));
const host = often('Host: localhost\r\n', pick('', 'Host:\r\n', 'Host: a\r\nHost: b\r\n', 'Host : a\r\n'));

/** Fields that change what a request is, or how far it reaches. */
const field = pick(
  'Accept: */*\r\n',
  'Accept:  a \t\r\n',
  'X-Empty:\r\n',
  'X-Turns: 1\r\n',
  'X-Turns: 3\r\n',
  'Cookie: a=b\r\nCookie: c=d\r\n',
  'X-Two: a\r\nx-two: b\r\n',
  'X-Tab: a\tb\r\n',
  'X-Folded: a\r\n b\r\n',
  'X-Latin: Z\xfcrich\r\n',
  'X-Nul: a\0b\r\n',
  'X-Bare: a\nb: c\r\n',
  'X-Bare: a\rb: c\r\n',
  'No colon\r\n',
  ': no name\r\n',
  'constructor: a\r\n',
  'Connection: close\r\n',
  'Connection: Keep-Alive\r\n',
  'Connection: keep-alive, close\r\n',
  'Connection: close\r\nConnection: keep-alive\r\n',
  // Not with `Connection: Upgrade`: Node upgrades before it has answered what came ahead.
  'Upgrade: h2c\r\n',
  'Expect: 100-continue\r\n',
  'Expect: nothing\r\n',
  'TE: trailers\r\n',
  'Content-Encoding: gzip\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip\r\n',
  'Transfer-Encoding: gzip, chunked\r\n',
  'Transfer-Encoding:\x0bchunked\r\n',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n',
  'Content-Length: 0\r\n',
  'Content-Length: 3, 3\r\n',
  'Keep-Alive: timeout=1\r\n',
);
const fields = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  { weight: 2, arbitrary: field },
  { weight: 1, arbitrary: fc.array(field, { maxLength: 3 }).map((all) => all.join('')) },
);
const body = pick(
  '{}',
  'x',
  '{"a":"Z\xfcrich"}',
  'POST /graphql HTTP/1.1\r\nHost: a\r\n\r\n',
  '5\r\nabcde\r\n0\r\n\r\n',
);

/** How a request says where its body ends; sometimes it lies. */
const framing = (text: string): fc.Arbitrary<string> => {
  const { length } = text;
  return often(
    `Content-Length: ${length}\r\n`,
    pick(
      '',
      `Content-Length: ${length + 1}\r\n`,
      `Content-Length: ${length - 1}\r\n`,
      `Content-Length: 00${length}\r\n`,
      `Content-Length: +${length}\r\n`,
      `Content-Length: 0x${length}\r\n`,
      `Content-Length:${length} \r\n`,
      `Content-Length: ${length}\r\nContent-Length: ${length}\r\n`,
      `Content-Length: ${length}\r\nTransfer-Encoding: chunked\r\n`,
      `Content-Length: 99999999999999999999\r\n`,
    ),
  );
};

const whole = fc
  .tuple(method, target, version, host, fields, body)
  .chain(([method, target, version, host, fields, body]) =>
    framing(body).map(
      (framing) =>
        `${method} ${target} ${version}\r\n${host}${fields}${framing}\r\n${method === 'GET' ? '' : body}`,
    ),
  );
const plain = fc
  .record({ number: fc.nat(99), turns: fc.nat(3), text: body })
  .map(
    ({ number, turns, text }) =>
      `POST /graphql HTTP/1.1\r\nHost: localhost\r\nX-Number: ${number}\r\nX-Turns: ${turns}\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
  );

/** One character put in, taken away, or changed. */
const spoilt = fc
  .record({
    text: fc.oneof(plain, whole),
    at: fc.nat(400),
    kind: fc.constantFrom('IN', 'OUT', 'OTHER'),
    by: pick('\r', '\n', '\r\n', '\0', ' ', '\t', ':', ',', '0', '\xff', '\x0b'),
  })
  .map(({ text, at, kind, by }) => {
    const place = at % text.length;
    return `${text.slice(0, place)}${kind === 'OUT' ? '' : by}${text.slice(kind === 'IN' ? place : place + 1)}`;
  });

const request = fc.oneof(
  { weight: 4, arbitrary: plain },
  { weight: 3, arbitrary: whole },
  { weight: 1, arbitrary: spoilt },
);

/** What a connection brings, in the pieces in which it comes: mostly a request each. */
export const connectionPieces: fc.Arbitrary<Buffer[]> = fc
  .array(fc.record({ request, cut: often(0, fc.nat(400)), glued: often(false, fc.constant(true)) }), {
    minLength: 1,
    maxLength: 5,
  })
  .map((requests) => {
    const pieces: string[] = [];
    let open = '';
    for (const { request, cut, glued } of requests) {
      const place = cut % request.length;
      pieces.push(open + request.slice(0, place));
      open = request.slice(place);
      if (glued) continue;
      pieces.push(open);
      open = '';
    }
    return [...pieces, open].filter((piece) => piece !== '').map((piece) => Buffer.from(piece, 'latin1'));
  });
