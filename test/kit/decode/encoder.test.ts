import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RecordField, RecordFieldType, TopicDescription } from '../../../schema/description.ts';
import { createDecoder, encodeRow, recordKey } from '../../../subgraphs/kit/decode/index.ts';
import type { Row } from '../../../subgraphs/kit/records.ts';
import { field, record, scalar, thing } from './things.ts';

const reference = (key: readonly string[]): RecordFieldType => ({
  kind: 'reference',
  name: 'Other',
  key,
  nonNull: false,
});

describe('records from rows', () => {
  test('values at their paths, headers as text, and the record key', () => {
    const topic = thing([
      field('at', scalar('DateTime')),
      field('deep', scalar('Int'), { kind: 'value', path: ['a', 'b'] }),
      field('deeper', scalar('Int'), { kind: 'value', path: ['a', 'c'] }),
      field('attempt', scalar('Int'), { kind: 'header', header: 'attempt' }),
      field('updatedAt', scalar('DateTime', true), { kind: 'timestamp' }),
    ]);
    const row = { id: 'x', at: '2013-02-04T05:00:00-05:00', deep: 1, deeper: 2, attempt: 3 };
    const encoded = encodeRow(topic, row);
    expect({ ...encoded, value: JSON.parse(String(encoded.value)) }).toEqual({
      key: 'x',
      value: { id: 'x', at: '2013-02-04T10:00:00.000Z', a: { b: 1, c: 2 } },
      headers: { attempt: '3' },
    });
  });

  test('all fields that do not fit are refused at once, by name and without their values', () => {
    const topic = thing([field('n', scalar('Int', true)), field('m', scalar('Int'))]);
    expect(() => encodeRow(topic, { id: 'x', m: 'secret' })).toThrow(
      expect.objectContaining({
        code: 'RECORD_REFUSED',
        message: 'Nothing was written to things: no value that fits was given for Thing.n, Thing.m.',
      }),
    );
  });

  test('a compacted topic needs its key, a topic of events does not', () => {
    const topic = thing([field('k', scalar('String'))], { key: ['k'] });
    expect(() => encodeRow(topic, { id: 'x' })).toThrow(expect.objectContaining({ code: 'RECORD_REFUSED' }));
    expect(encodeRow({ ...topic, cleanup: 'DELETE' }, { id: 'x' }).key).toBeNull();
  });
});

describe('record keys', () => {
  test('one field is its text, several a JSON array of their texts', () => {
    expect(recordKey(['EWR'])).toBe('EWR');
    expect(recordKey([5])).toBe('5');
    expect(recordKey(['EWR', 5])).toBe('["EWR","5"]');
    expect(recordKey([{ faa: 'EWR', number: '12' }])).toBe('["EWR","12"]');
  });

  test('different values never share a key', () => {
    const pairs = fc.tuple(fc.string(), fc.string());
    fc.assert(
      fc.property(pairs, pairs, ([a, b], [c, d]) => {
        expect(recordKey([a, b]) === recordKey([c, d])).toBe(a === c && b === d);
      }),
    );
  });
});

/** Types with values of theirs as a row holds them. */
const typed: fc.Arbitrary<{ readonly type: RecordFieldType; readonly value: unknown }> = fc.oneof(
  fc.string().map((value) => ({ type: scalar('String'), value })),
  fc.string().map((value) => ({ type: scalar('ID'), value })),
  fc.maxSafeInteger().map((value) => ({ type: scalar('ID'), value: String(value) })),
  fc.integer().map((value) => ({ type: scalar('Int'), value })),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map((value) => ({ type: scalar('Float'), value: value + 0 })),
  fc.boolean().map((value) => ({ type: scalar('Boolean'), value })),
  fc
    .date({
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    })
    .map((value) => ({ type: scalar('DateTime'), value: value.toISOString() })),
  fc.constantFrom('ON', 'OFF').map((value) => ({
    type: { kind: 'enum' as const, name: 'E', values: ['ON', 'OFF'], nonNull: false },
    value,
  })),
  fc.string().map((value) => ({ type: reference(['k']), value })),
  fc.tuple(fc.string(), fc.string()).map(([k, l]) => ({ type: reference(['k', 'l']), value: { k, l } })),
  fc.array(fc.option(fc.integer())).map((value) => ({
    type: { kind: 'list' as const, item: scalar('Int'), nonNull: false },
    value,
  })),
  fc.integer().map((n) => ({
    type: {
      kind: 'object' as const,
      name: 'O',
      fields: [field('n', scalar('Int'), { kind: 'value', path: ['p', 'q'] })],
      nonNull: false,
    },
    value: { n },
  })),
);

const decodeWritten = (topic: TopicDescription, row: Row): Row | null => {
  const { key, value, headers } = encodeRow(topic, row);
  const asHeaders = Object.entries(headers).map(
    ([name, text]) => [Buffer.from(name), Buffer.from(text)] as const,
  );
  return createDecoder(topic)(record(value, { key, headers: asHeaders }), 0).record.row;
};

test('what is written is read back as it was, whatever the types and places', () => {
  const places = fc.constantFrom<RecordField['source']['kind']>('value', 'header');
  fc.assert(
    fc.property(fc.string(), fc.array(fc.tuple(typed, places, fc.boolean())), (id, columns) => {
      const fields = columns.map(([{ type }, place], index): RecordField => {
        const inHeader = place === 'header' && !['list', 'object'].includes(type.kind);
        const name = `f${index}`;
        return field(
          name,
          type,
          inHeader ? { kind: 'header', header: name } : { kind: 'value', path: ['nested', name] },
        );
      });
      const values = columns.map(([{ value }, , isNull], index) => [`f${index}`, isNull ? null : value]);
      const row = { id, ...Object.fromEntries(values) };
      expect(decodeWritten(thing(fields), row)).toEqual(row);
    }),
  );
});

test('S23 no bytes whatsoever make the decoder throw', () => {
  const decode = createDecoder(thing([field('x', scalar('Int')), field('y', reference(['k', 'l']))]));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(text)),
      ),
      fc.uint8Array(),
      (value, key) => {
        const { record: decoded, reason } = decode(record(Buffer.from(value), { key: Buffer.from(key) }), 0);
        expect(decoded.state === 'UNREADABLE').toBe(reason !== null);
      },
    ),
  );
});
