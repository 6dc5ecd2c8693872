import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeEvent } from '../../../gateway/subscriptions/event.ts';
import { readUpstreamMessage } from '../../../gateway/subscriptions/upstream/message.ts';
import { readPlainNext } from '../../../gateway/subscriptions/upstream/plain-next.ts';
import { encodeCursor } from '../../../schema/cursor/encode.ts';

const cursor = encodeCursor({
  clusterId: 'MkU3OEVBNTcwNTJENDM2Qg',
  topicId: 'TtqQPQ5xT0qZ0y8kzq0Vxw',
  position: [8, 9],
  epochs: [1, 1],
  time: 1_700_000_000_000,
  filterHash: 77,
  snapshotUntil: null,
});
const tributary = { at: [1, 8], cursor };
const messageOf = (payload: unknown, id = '12'): Buffer =>
  Buffer.from(JSON.stringify({ id, type: 'next', payload }));

/** Values whose keys and texts look like what the reader looks for. */
const words = fc.constantFrom('extensions', 'tributary', ',"extensions":{"tributary":', '}}}}', 'é\u2028"\\');
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.jsonValue(),
    words,
    fc.constant({ extensions: { tributary } }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(words, fc.string()), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

describe('a next that is handed on as it came', () => {
  test('is what reading and writing it would have made, byte for byte', () => {
    fc.assert(
      fc.property(json, (data) => {
        const message = messageOf({ data: JSON.parse(JSON.stringify(data)), extensions: { tributary } });
        const plain = readPlainNext(message);
        const read = readUpstreamMessage(message.toString());
        if (plain === null || read?.type !== 'next') throw new Error('not read');
        expect([plain.id, plain.stamp]).toEqual([read.id, read.stamp]);
        expect(plain.payload.data).toEqual(read.payload.data);
        expect(plain.payload.extensions).toEqual(read.payload.extensions);
        const [own, made] = [plain.payload.entry(plain.stamp), encodeEvent(read.payload, read.stamp)];
        expect([own.bytes.toString(), own.headLength]).toEqual([made.bytes.toString(), made.headLength]);
        expect([own.at, own.cursor]).toEqual([made.at, made.cursor]);
      }),
    );
  });

  test('is a copy: the block that it was read from may go', () => {
    const message = messageOf({ data: { a: 'text' }, extensions: { tributary } });
    const plain = readPlainNext(message);
    message.fill(0);
    expect(plain?.payload.data).toEqual({ a: 'text' });
    expect(plain?.payload.entry(plain.stamp).bytes.buffer.byteLength).toBeLessThan(400);
  });

  test('is handed on however deep it is nested, but not worked on', () => {
    const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const message = messageOf({ data: 'x', extensions: { tributary } }).toString().replace('"x"', nested);
    const plain = readPlainNext(Buffer.from(message));
    expect(plain?.payload.entry(plain.stamp).bytes.includes(nested)).toBe(true);
    expect(() => plain?.payload.data).toThrow('more than 500 objects or lists');
  });

  test.each<[string, unknown]>([
    ['errors first', { errors: [{ message: 'no' }], data: null, extensions: { tributary } }],
    ['errors last', { data: null, extensions: { tributary }, errors: [{ message: 'no' }] }],
    ['extensions of its own', { data: 1, extensions: { cost: 3, tributary } }],
    ['extensions of its own behind', { data: 1, extensions: { tributary, cost: 3 } }],
    ['no record', { data: 1, extensions: { tributary: { at: null, cursor } } }],
    ['no position', { data: 1 }],
    ['a position inside of the data only', { data: { a: 1, extensions: { tributary } } }],
    ['a cursor that is none', { data: 1, extensions: { tributary: { at: [1, 8], cursor: 'AQAA' } } }],
    ['an offset beyond 2^53', { data: 1, extensions: { tributary: { at: [1, 1e16], cursor } } }],
    ['more in the position', { data: 1, extensions: { tributary: { ...tributary, gap: true } } }],
  ])('is none with %s', (_name, payload) => {
    expect(readPlainNext(messageOf(payload))).toBeNull();
  });

  test('is none of another form, however it ends', () => {
    const whole = messageOf({ data: 1, extensions: { tributary } });
    for (let length = 0; length < whole.length; length++)
      expect(readPlainNext(whole.subarray(0, length))).toBeNull();
    expect(readPlainNext(Buffer.from(` ${whole.toString()}`))).toBeNull();
    expect(readPlainNext(messageOf({ data: 1, extensions: { tributary } }, 'x'.repeat(33)))).toBeNull();
    for (const space of ['\n', '\r']) {
      const inLines = whole.toString().replace('"data":1', `"data":[1,${space}2]`);
      expect(readPlainNext(Buffer.from(inLines))).toBeNull();
    }
    expect(readPlainNext(Buffer.from(JSON.stringify({ type: 'next', id: '1', payload: {} })))).toBeNull();
  });
});
