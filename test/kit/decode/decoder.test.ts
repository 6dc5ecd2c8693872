import { describe, expect, test } from 'vitest';
import type { RecordFieldType } from '../../../schema/description.ts';
import { createDecoder } from '../../../subgraphs/kit/decode/index.ts';
import { field, record, scalar, thing } from './things.ts';

const read = (type: RecordFieldType, value: unknown) => {
  const decoded = createDecoder(thing([field('x', type)]))(record({ x: value }), 0);
  return { x: decoded.record.row?.x, misfits: decoded.misfits, reason: decoded.reason };
};

const fits = (value: unknown) => ({ x: value, misfits: [], reason: null });
const misfits = { x: null, misfits: ['x'], reason: null };

describe('scalars', () => {
  test.each([
    ['ID', 'a', 'a'],
    ['ID', 7, '7'],
    ['String', '', ''],
    ['Int', 2_147_483_647, 2_147_483_647],
    ['Int', -2_147_483_648, -2_147_483_648],
    ['Float', 0.5, 0.5],
    ['Boolean', false, false],
    ['DateTime', '2013-02-04T10:00:00Z', '2013-02-04T10:00:00.000Z'],
    ['DateTime', '2013-02-04T05:00:00.1239-05:00', '2013-02-04T10:00:00.123Z'],
    ['DateTime', '2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
    ['DateTime', '0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['DateTime', 1_359_972_000_000, '2013-02-04T10:00:00.000Z'],
    ['JSON', { a: [1, null] }, { a: [1, null] }],
  ])('%s takes %j', (name, value, expected) => {
    expect(read(scalar(name), value)).toEqual(fits(expected));
  });

  test.each([
    ['ID', 1.5],
    ['ID', true],
    ['String', 5],
    ['Int', 2_147_483_648],
    ['Int', 0.5],
    ['Int', '5'],
    ['Float', '0.5'],
    ['Boolean', 1],
    ['DateTime', '2013-02-30T10:00:00Z'],
    ['DateTime', '2013-02-04T24:00:00Z'],
    ['DateTime', '2013-02-04T10:00:00'],
    ['DateTime', '9999-12-31T23:59:59-01:00'],
    ['DateTime', 'yesterday'],
    ['DateTime', 0.5],
  ])('S23 %s does not take %j: null in a nullable field, counted', (name, value) => {
    expect(read(scalar(name), value)).toEqual(misfits);
  });

  test('S23 what does not fit a non-null field makes the record unreadable, with the reason', () => {
    const decoded = createDecoder(thing([field('x', scalar('Int', true))]))(record({ x: 'five' }), 3);
    expect(decoded.record).toMatchObject({
      partition: 3,
      offset: 7,
      key: 'a',
      state: 'UNREADABLE',
      row: null,
    });
    expect(decoded.reason).toBe('FIELD_MISFIT');
    expect(decoded.message).toBe('The value of Thing.x does not fit its type.');
  });

  test('a missing field is null, and no misfit', () => {
    const decoded = createDecoder(thing([field('x', scalar('Int'))]))(record({}), 0);
    expect(decoded.record.row).toEqual({ id: 'a', x: null });
    expect(decoded.misfits).toEqual([]);
  });

  test('integers beyond 2^53 keep their digits in an ID', () => {
    const raw = Buffer.from(
      '{"x": 9007199254740993, "y": {"z": 9007199254740993}, "f": 1152921504606846976}',
    );
    const topic = thing([field('x', scalar('ID')), field('y', scalar('JSON')), field('f', scalar('Float'))]);
    const { row } = createDecoder(topic)(record(raw), 0).record;
    expect(row).toMatchObject({ x: '9007199254740993', f: 2 ** 60 });
    expect(() => JSON.stringify(row)).not.toThrow();
  });
});

describe('types', () => {
  const status: RecordFieldType = { kind: 'enum', name: 'Status', values: ['ON', 'OFF'], nonNull: false };

  test('S23 an enum takes its symbols, and an unknown one is null and counted', () => {
    expect(read(status, 'ON')).toEqual(fits('ON'));
    expect(read(status, 'BROKEN')).toEqual(misfits);
    expect(read(status, 'toString')).toEqual(misfits);
  });

  test('a reference is its bare key, also where the record holds an object of it', () => {
    const airport: RecordFieldType = { kind: 'reference', name: 'Airport', key: ['faa'], nonNull: false };
    expect(read(airport, 'EWR')).toEqual(fits('EWR'));
    expect(read(airport, { faa: 'EWR', name: 'Newark' })).toEqual(fits('EWR'));
    expect(read(airport, { name: 'Newark' })).toEqual(misfits);
  });

  test('a reference of several key fields is an object of them', () => {
    const gate: RecordFieldType = { kind: 'reference', name: 'Gate', key: ['faa', 'number'], nonNull: false };
    expect(read(gate, { faa: 'EWR', number: 12, open: true })).toEqual(fits({ faa: 'EWR', number: '12' }));
    expect(read(gate, { faa: 'EWR' })).toEqual(misfits);
    expect(read(gate, 'EWR')).toEqual(misfits);
  });

  test('lists and objects: a misfit rises to the nearest nullable place, and is counted there', () => {
    const list = (nonNull: boolean): RecordFieldType => ({
      kind: 'list',
      item: scalar('Int', nonNull),
      nonNull: false,
    });
    expect(read(list(false), [1, 'b', null])).toEqual({ x: [1, null, null], misfits: ['x[]'], reason: null });
    expect(read(list(true), [1, null])).toEqual(misfits);
    expect(read(list(true), 1)).toEqual(misfits);
    const route: RecordFieldType = {
      kind: 'object',
      name: 'Route',
      fields: [
        field('from', scalar('String', true)),
        field('miles', scalar('Int'), { kind: 'value', path: ['d', 'mi'] }),
      ],
      nonNull: false,
    };
    expect(read(route, { from: 'EWR', d: { mi: 5 } })).toEqual(fits({ from: 'EWR', miles: 5 }));
    expect(read(route, { from: 'EWR', d: { mi: 'x' } })).toEqual({
      x: { from: 'EWR', miles: null },
      misfits: ['x.miles'],
      reason: null,
    });
    expect(read(route, { d: { mi: 5 } })).toEqual(misfits);
    expect(read(route, ['EWR'])).toEqual(misfits);
  });
});

describe('where fields come from', () => {
  test('paths in the value, and parts of the record', () => {
    const topic = thing([
      field('deep', scalar('String'), { kind: 'value', path: ['a', 'b', 'c'] }),
      field('recordKey', scalar('String'), { kind: 'key' }),
      field('offset', scalar('String'), { kind: 'offset' }),
      field('partition', scalar('Int'), { kind: 'partition' }),
      field('updatedAt', scalar('DateTime', true), { kind: 'timestamp' }),
      field('source', scalar('String'), { kind: 'header', header: 'source' }),
      field('attempt', scalar('Int'), { kind: 'header', header: 'attempt' }),
    ]);
    const headers = [
      [Buffer.from('source'), Buffer.from('old')],
      [Buffer.from('source'), Buffer.from('new')],
      [Buffer.from('attempt'), Buffer.from('3')],
    ] as const;
    const { row } = createDecoder(topic)(record({ a: { b: { c: 'x' } } }, { headers }), 5).record;
    expect(row).toEqual({
      id: 'a',
      deep: 'x',
      recordKey: 'a',
      offset: '7',
      partition: 5,
      updatedAt: '2013-02-04T10:00:00.000Z',
      source: 'new',
      attempt: 3,
    });
  });

  test('fields named like methods of Object read only what the record holds', () => {
    const topic = thing([field('constructor', scalar('JSON')), field('toString', scalar('JSON'))]);
    expect(createDecoder(topic)(record({}), 0).record.row).toEqual({
      id: 'a',
      constructor: null,
      toString: null,
    });
  });

  test('size counts key, value and headers', () => {
    const headers = [[Buffer.from('ab'), Buffer.from('c')]] as const;
    expect(createDecoder(thing([]))(record({}, { key: 'abc', headers }), 0).record.bytes).toBe(3 + 2 + 3);
  });
});

describe('keys', () => {
  const decode = createDecoder(thing([]));

  test('a key field comes from the value, else from the record key', () => {
    expect(decode(record({ id: 'a' }), 0).record.row).toEqual({ id: 'a' });
    expect(decode(record({}, { key: 'b' }), 0).record.row).toEqual({ id: 'b' });
    expect(decode(record({ id: 5 }, { key: '5' }), 0).record.row).toEqual({ id: '5' });
  });

  test('S23 a value that contradicts the record key is unreadable, under the record key', () => {
    const decoded = decode(record({ id: 'b' }, { key: 'a' }), 0);
    expect(decoded.record).toMatchObject({ state: 'UNREADABLE', key: 'a' });
    expect(decoded.reason).toBe('KEY_MISMATCH');
  });

  test('a key is compared by its value: another spelling of the same time is the same key', () => {
    const topic = thing([field('at', scalar('DateTime', true))], { key: ['at'] });
    const decoded = createDecoder(topic)(
      record({ id: 'x', at: '2013-02-04T05:00:00-05:00' }, { key: '2013-02-04T10:00:00Z' }),
      0,
    );
    expect(decoded.record).toMatchObject({ state: 'ROW', row: { at: '2013-02-04T10:00:00.000Z' } });
  });

  test('several key fields are a JSON array, whatever its spelling', () => {
    const topic = thing([field('n', scalar('Int', true))], { key: ['id', 'n'] });
    const decoded = createDecoder(topic)(record({}, { key: '[ "a", 5 ]' }), 0);
    expect(decoded.record).toMatchObject({ key: '["a","5"]', row: { id: 'a', n: 5 } });
    expect(createDecoder(topic)(record({}, { key: 'a' }), 0).reason).toBe('KEY_UNREADABLE');
    expect(createDecoder(topic)(record({}, { key: '["a"]' }), 0).reason).toBe('KEY_UNREADABLE');
  });

  test('S23 compacted: without a key, or with one that is not UTF-8, a record is unreadable', () => {
    expect(decode(record({ id: 'a' }, { key: null }), 0).reason).toBe('KEY_MISSING');
    expect(decode(record(null, { key: null }), 0).reason).toBe('KEY_MISSING');
    expect(decode(record({ id: 'a' }, { key: Buffer.from([0xff, 0xfe]) }), 0).reason).toBe('KEY_UNREADABLE');
  });

  test('a topic of events may have no key', () => {
    const topic = thing([], { cleanup: 'DELETE' });
    expect(createDecoder(topic)(record({ id: 'a' }, { key: null }), 0).record).toMatchObject({
      state: 'ROW',
      key: null,
      row: { id: 'a' },
    });
  });

  test('S25 the header idempotency-key names the request; one that no writer of ours sends is none', () => {
    const of = (value: string | null) =>
      decode(
        record(
          { id: 'a' },
          { headers: [[Buffer.from('idempotency-key'), value === null ? null : Buffer.from(value)]] },
        ),
        0,
      ).record.idempotencyKey;
    expect(of('delayFlight 30 7f9c')).toBe('delayFlight 30 7f9c');
    for (const none of ['', null, 'x'.repeat(301)]) expect(of(none)).toBeUndefined();
    expect(decode(record({ id: 'a' }), 0).record).not.toHaveProperty('idempotencyKey');
  });

  test('a null value is a tombstone', () => {
    expect(decode(record(null), 0).record).toMatchObject({ state: 'TOMBSTONE', key: 'a', row: null });
  });
});

describe('bytes that are no JSON', () => {
  test.each([
    ['NOT_JSON', Buffer.from('{"id": ')],
    ['NOT_JSON', Buffer.alloc(0)],
    ['NOT_UTF8', Buffer.from([0x22, 0xff, 0x22])],
    ['NOT_AN_OBJECT', Buffer.from('[1]')],
    ['NOT_AN_OBJECT', Buffer.from('null')],
  ])('S23 %s', (reason, bytes) => {
    const decoded = createDecoder(thing([]))(record(bytes), 0);
    expect(decoded.record).toMatchObject({ state: 'UNREADABLE', key: 'a', bytes: 1 + bytes.length });
    expect(decoded.reason).toBe(reason);
    // The message goes to logs and dead letters: nothing of the record may be in it.
    expect(decoded.message).not.toContain('{');
  });
});
