import fc from 'fast-check';

/** Texts of answers as servers, and what stands before them, send them: Latin-1. */

const pick = (...texts: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);
const often = (text: string, rest: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(text) }, { weight: 1, arbitrary: rest });

const before = often(
  '',
  pick(
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n',
    'HTTP/1.1 100 Continue\r\nContent-Length: 3\r\n\r\n',
    '\r\n',
  ),
);
const status = often(
  'HTTP/1.1 200 OK',
  pick(
    'HTTP/1.1 400 Bad Request',
    'HTTP/1.1 503 Service Unavailable',
    'HTTP/1.1 302 Found',
    'HTTP/1.1 204 No Content',
    'HTTP/1.1 304 Not Modified',
    'HTTP/1.1 205 Reset Content',
    'HTTP/1.1 200',
    'HTTP/1.1 200 ',
    'HTTP/1.1 200 Z\xfcrich',
    'HTTP/1.0 200 OK',
    'HTTP/2 200 OK',
    'http/1.1 200 OK',
    'HTTP/1.1  200 OK',
    'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 600 OK',
    'HTTP/1.1 200OK',
  ),
);
const field = pick(
  'Content-Type: application/json\r\n',
  'X-Empty:\r\n',
  'X-Tab: a\tb\r\n',
  'X-Latin: Z\xfcrich\r\n',
  'X-Folded: a\r\n b: c\r\n',
  'X-Nul: a\0b\r\n',
  'X-Bare: a\nTransfer-Encoding: chunked\r\n',
  'X-Bare: a\rContent-Length: 1\r\n',
  'X-Name : a\r\n',
  'No colon\r\n',
  ': no name\r\n',
  'Content Length: 1\r\n',
  'Connection: close\r\n',
  'Connection: Keep-Alive\r\n',
  'Connection: close, keep-alive\r\n',
  'Keep-Alive: timeout=5, max=1\r\n',
  'Keep-Alive: timeout=0\r\n',
  'Content-Encoding: gzip\r\n',
  'Trailer: X-Sum\r\n',
  'Upgrade: h2c\r\n',
  'Transfer-Encoding: identity\r\n',
  'Transfer-Encoding: gzip, chunked\r\n',
  'Transfer-Encoding: \x0bchunked\r\n',
  'Transfer-Encoding: xchunked\r\n',
  'Content-Length: \xa01\r\n',
  'Content-Length: 1\x0b\r\n',
);
const fields = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  { weight: 2, arbitrary: fc.array(field, { minLength: 1, maxLength: 2 }).map((all) => all.join('')) },
);
const body = pick(
  '{"data":{}}',
  '',
  'x',
  '{"data":"Z\xc3\xbcrich"}',
  'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\ny',
);

const counted = body.chain((text) => {
  const { length } = text;
  return often(
    `Content-Length: ${length}\r\n\r\n${text}`,
    pick(
      `Content-Length: ${length + 1}\r\n\r\n${text}`,
      `Content-Length: ${Math.max(0, length - 1)}\r\n\r\n${text}`,
      `Content-Length: ${length}\r\nContent-Length: ${length}\r\n\r\n${text}`,
      `Content-Length: ${length}\r\nContent-Length: ${length + 1}\r\n\r\n${text}`,
      `Content-Length: ${length}, ${length}\r\n\r\n${text}`,
      `Content-Length: 0${length} \r\n\r\n${text}`,
      `Content-Length: +${length}\r\n\r\n${text}`,
      `Content-Length: 0x${length}\r\n\r\n${text}`,
      `Content-Length:\r\n\r\n${text}`,
      `Content-Length: 99999999999999999999\r\n\r\n${text}`,
      `Content-Length: ${length}\r\nTransfer-Encoding: chunked\r\n\r\n${text}`,
    ),
  );
});
const toEnd = body.map((text) => `\r\n${text}`);

const chunk = fc
  .record({
    text: body.filter((text) => text !== ''),
    extension: often('', pick(';a', ';a=b', ';a="b;c"', ' ;a', ' ', '\t', 'x', ';a\rb', ';\0')),
    end: often('\r\n', pick('', '\n', '\r', 'x\r\n')),
    size: often('', pick('0', '00000000', '-', '+', '0x', ' ', 'f')),
  })
  .map(({ text, extension, end, size }) => `${size}${text.length.toString(16)}${extension}\r\n${text}${end}`);
const chunks = fc
  .record({
    all: fc.array(chunk, { maxLength: 3 }),
    last: often(
      '0\r\n',
      pick('', '00\r\n', '0;a=b\r\n', '0\n', '0x0\r\n', '0\r\nX-Sum: 1\r\n', '0\r\nX-Sum: 1\nb: 2\r\n'),
    ),
    end: often('\r\n', pick('', '\n', 'x', '\r\nx')),
  })
  .map(({ all, last, end }) => `Transfer-Encoding: chunked\r\n\r\n${all.join('')}${last}${end}`);

const answer = fc
  .record({
    before,
    status,
    fields,
    rest: fc.oneof(
      { weight: 3, arbitrary: counted },
      { weight: 3, arbitrary: chunks },
      { weight: 1, arbitrary: toEnd },
    ),
  })
  .map(({ before, status, fields, rest }) => `${before}${status}\r\n${fields}${rest}`);

/** One character put in, taken away, or changed. */
const spoilt = fc
  .record({
    answer,
    at: fc.nat(200),
    kind: fc.constantFrom('IN', 'OUT', 'OTHER'),
    by: pick('\r', '\n', '\r\n', '\0', ' ', '\t', ':', ',', '0', '\xff', '\x0b'),
  })
  .map(({ answer, at, kind, by }) => {
    const place = at % answer.length;
    return `${answer.slice(0, place)}${kind === 'OUT' ? '' : by}${answer.slice(kind === 'IN' ? place : place + 1)}`;
  });

/** An answer in the pieces in which it comes. */
export const answerPieces: fc.Arbitrary<Buffer[]> = fc
  .record({
    text: fc.oneof({ weight: 4, arbitrary: answer }, { weight: 1, arbitrary: spoilt }),
    cuts: fc.array(fc.nat(300), { maxLength: 4 }),
  })
  .map(({ text, cuts }) => {
    const bytes = Buffer.from(text, 'latin1');
    const places = [0, ...cuts.map((cut) => cut % bytes.length), bytes.length].toSorted((a, b) => a - b);
    return places
      .slice(1)
      .map((end, index) => bytes.subarray(places[index], end))
      .filter(({ length }) => length > 0);
  });
