import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AnswerReader, type HttpAnswer } from '../../../../gateway/execution/http/answer-reader.ts';

const maximum = 1_000;
const reader = (): AnswerReader => new AnswerReader(maximum, () => new Error('too large'));

/** Reads a text in pieces of these sizes, in turn, from a buffer that is used again. */
const read = (text: string, sizes: readonly number[] = [text.length * 4]) => {
  const bytes = Buffer.from(text);
  const shared = Buffer.alloc(bytes.length);
  const it = reader();
  let answer: HttpAnswer | null = null;
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = Math.min(bytes.length - at, sizes[turn % sizes.length] ?? 1);
    bytes.copy(shared, 0, at, at + size);
    answer = it.take(shared.subarray(0, size));
    at += size;
    if (answer !== null && at < bytes.length) throw new Error('an answer before the end');
  }
  answer ??= it.takeEnd();
  return {
    answer: answer === null ? null : { status: answer.status, text: answer.bytes.toString() },
    keptMs: it.keptMs,
  };
};

const body = '{"data":{"city":"Zürich 東京"}}';
const bytes = Buffer.byteLength(body);
const chunk = (text: string, extension = ''): string =>
  `${Buffer.byteLength(text).toString(16)}${extension}\r\n${text}\r\n`;

const answers: Record<string, string> = {
  'with a length': `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n${body}`,
  'with blanks around its length': `HTTP/1.1 200 OK\r\ncontent-length: \t ${bytes} \t\r\n\r\n${body}`,
  'in chunks': `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('{"data":{"city":"')}${chunk('Zürich 東京"}}')}0\r\n\r\n`,
  'in chunks with extensions and a trailer': `HTTP/1.1 200 OK\r\ntransfer-encoding:Chunked\r\n\r\n${chunk(body, ';a=b')}0;last\r\nX-Sum: 1\r\n\r\n`,
  'to the end of the connection': `HTTP/1.1 200\r\nServer: old\r\n\r\n${body}`,
  'behind what comes before it': `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n${body}`,
};

describe('an answer', () => {
  test.each(Object.entries(answers))('%s, in whatever pieces', (_, text) => {
    const expected = { status: 200, text: body };
    expect(read(text).answer).toEqual(expected);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }), (sizes) => {
        expect(read(text, sizes).answer).toEqual(expected);
      }),
    );
  });

  test.each([204, 304])('%i has no body', (status) => {
    expect(read(`HTTP/1.1 ${status} None\r\n\r\n`).answer).toEqual({ status, text: '' });
  });

  test.each([
    ['HTTP/1.1 200 OK', '', 4_000],
    ['HTTP/1.1 200 OK', 'Keep-Alive: timeout=72\r\n', 71_000],
    ['HTTP/1.1 200 OK', 'Connection: keep-alive\r\nKeep-Alive: timeout=1, max=5\r\n', 0],
    ['HTTP/1.1 200 OK', 'Keep-Alive: timeout=99999\r\n', 600_000],
    ['HTTP/1.1 200 OK', 'Connection: foo, Close\r\n', 0],
    ['HTTP/1.0 200 OK', '', 0],
    ['HTTP/1.0 200 OK', 'Connection: Keep-Alive\r\n', 4_000],
  ])('%s %j: the connection is kept for %i ms', (line, field, keptMs) => {
    expect(read(`${line}\r\n${field}content-length: 2\r\n\r\n{}`).keptMs).toBe(keptMs);
  });

  test('in chunks by HTTP/1.0, which has none: the connection is not kept', () => {
    const fields = 'connection: keep-alive\r\ntransfer-encoding: chunked\r\n';
    expect(read(`HTTP/1.0 200 OK\r\n${fields}\r\n2\r\n{}\r\n0\r\n\r\n`)).toEqual({
      answer: { status: 200, text: '{}' },
      keptMs: 0,
    });
  });

  test('with something behind it: the connection is not kept', () => {
    expect(read('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1')).toEqual({
      answer: { status: 200, text: '{}' },
      keptMs: 0,
    });
    expect(read('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nmore').keptMs).toBe(0);
  });

  test.each([
    ['no status line', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['a line that is no field', 'HTTP/1.1 200 OK\r\na: b\ntransfer-encoding: chunked\r\n\r\n{}'],
    ['a line that is no field', 'HTTP/1.1 200 OK\r\na: b\rcontent-length: 1\r\n\r\n{}'],
    ['a line that is no field', 'HTTP/1.1 200 OK\r\na: b\r\r\n\r\n{}'],
    ['a line that is no field', 'HTTP/1.1 200 OK\r\na: \0\r\n\r\n{}'],
    ['a line that is no field', 'HTTP/1.1 200 OK\r\ntransfer-encoding: \x0bchunked\r\n\r\n{}'],
    ['no status line', 'HTTP/2 200\r\n\r\n'],
    ['no status line', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['another protocol', 'HTTP/1.1 101 Switching\r\n\r\n'],
    ['a line that is no field', 'HTTP/1.1 200 OK\r\nno name\r\n\r\n'],
    ['a line that is no field', 'HTTP/1.1 200 OK\r\n: none\r\n\r\n'],
    ['no status line', 'HTTP/1.1 200 O\nK\r\n\r\n'],
    ['a line that is no field', 'HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n{}'],
    ['a line that is no field', 'HTTP/1.1 200 OK\r\nA: b\r\n c:d\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\n{}'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}'],
    ['the length "-2"', 'HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\n{}'],
    ['the length "1e1"', 'HTTP/1.1 200 OK\r\ncontent-length: 1e1\r\n\r\n{}'],
    ['a length beside', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}'],
    ['a tab beside', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\t\r\n\r\n0\r\n\r\n'],
    ['the transfer encoding', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n{}'],
    ['a chunk without a size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nz\r\n'],
    ['a chunk beyond its size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n'],
    ['a line between chunks that has no end', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\na'],
    [
      'a trailer that is no field',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\ra: b\r\n\r\n',
    ],
    ['a long line between', `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${'0'.repeat(5_000)}`],
    ['a head that is too large', `HTTP/1.1 200 OK\r\na: ${'b'.repeat(70_000)}`],
  ])('is none: %s', (why, text) => {
    expect(() => read(text)).toThrow(`The answer is no HTTP: ${why}`);
    expect(() => read(text, [7])).toThrow(`The answer is no HTTP: ${why}`);
  });

  test('a trailer has a bound', () => {
    const line = `a: ${'b'.repeat(1_000)}\r\n`;
    expect(() =>
      read(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n${line.repeat(20)}`),
    ).toThrow('a long trailer');
  });

  test('a body beyond the bound is refused: by its length before it comes, else as soon as it is too much', () => {
    const start = (field: string): string => `HTTP/1.1 200 OK\r\n${field}\r\n`;
    expect(() => read(start(`content-length: ${maximum + 1}\r\n`))).toThrow('too large');
    const large = 'x'.repeat(maximum + 1);
    expect(() => read(`${start('transfer-encoding: chunked\r\n')}${chunk(large)}`, [100])).toThrow(
      'too large',
    );
    expect(() => read(`${start('')}${large}`, [100])).toThrow('too large');
    const most = 'x'.repeat(maximum);
    for (const sizes of [[2_000], [100]]) {
      expect(read(`${start(`content-length: ${maximum}\r\n`)}${most}`, sizes).answer?.text).toBe(most);
      expect(
        read(`${start('transfer-encoding: chunked\r\n')}${chunk(most)}0\r\n\r\n`, sizes).answer?.text,
      ).toBe(most);
    }
  });

  test('that ends before its end is none', () => {
    expect(read('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}').answer).toBe(null);
    expect(read('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n').answer).toBe(null);
    expect(read('HTTP/1.1 200 OK\r\n').answer).toBe(null);
  });
});
