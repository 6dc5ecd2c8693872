import { describe, expect, test } from 'vitest';
import { encodeStamp } from '../../../gateway/subscriptions/event.ts';
import { encodeEvent } from '../../../gateway/subscriptions/index.ts';
import type { StreamFormat } from '../../../gateway/transports/http/format.ts';
import { multipartFormat } from '../../../gateway/transports/multipart/format.ts';
import { sseFormat } from '../../../gateway/transports/sse/format.ts';

const entry = encodeEvent({ data: { text: 'a\nb\r\n---' } }, { at: [0, 1], cursor: 'shared', gap: false });

describe.each<[string, StreamFormat]>([
  ['SSE', sseFormat(true)],
  ['multipart', multipartFormat],
])('an event as %s', (_name, format) => {
  const shared = format.event({ kind: 'EVENT', entry, stamp: null, cursor: 'shared' });
  const text = Buffer.concat([...shared]).toString();
  const payload = (of: string): unknown => {
    const json = /\{.*\}/.exec(of)?.[0] ?? '';
    const found = JSON.parse(json);
    return found.payload ?? found;
  };

  test('S20 is the bytes of the ring, in a frame that is made once', () => {
    expect(
      shared.some(
        ({ buffer, byteOffset }) => buffer === entry.bytes.buffer && byteOffset === entry.bytes.byteOffset,
      ),
    ).toBe(true);
    const again = format.event({ kind: 'EVENT', entry, stamp: null, cursor: 'shared' });
    expect(again[0]).toBe(shared[0]);
    expect(again.at(-1)).toBe(shared.at(-1));
  });

  test('has no line break but those of its frame', () => {
    expect(payload(text)).toMatchObject({ data: { text: 'a\nb\r\n---' } });
    expect(text.slice(text.indexOf('{'), text.lastIndexOf('}'))).not.toMatch(/[\r\n]/);
  });

  test('S14 has the cursor of a client that joins, and the rest of the bytes', () => {
    const own = format.event({ kind: 'EVENT', entry, stamp: encodeStamp([0, 1], 'own'), cursor: 'own' });
    const written = Buffer.concat([...own]).toString();
    expect(payload(written)).toEqual({
      data: { text: 'a\nb\r\n---' },
      extensions: { tributary: { at: [0, 1], cursor: 'own' } },
    });
    expect(written).not.toContain('shared');
  });
});

test('an event without a cursor has no id', () => {
  const plain = encodeEvent({ data: { tick: 1 } }, { at: null, cursor: null, gap: false });
  const parts = sseFormat(true).event({ kind: 'EVENT', entry: plain, stamp: null, cursor: null });
  expect(Buffer.concat([...parts]).toString()).toBe('event: next\ndata: {"data":{"tick":1}}\n\n');
});
