import { OperationTypeNode } from 'graphql';
import { expect, test } from 'vitest';
import { clientOf, unknownClient } from '../../../gateway/usage/client.ts';
import { UsageCounts } from '../../../gateway/usage/counts.ts';
import type { OperationSignature } from '../../../gateway/usage/signature.ts';

const operation = (hash: string, fields: readonly string[] = ['Query.a']): OperationSignature => ({
  kind: OperationTypeNode.QUERY,
  name: hash,
  hash,
  fields,
});

const taken = (counts: UsageCounts): unknown[] => counts.take().map((line) => JSON.parse(line));

test('counts by operation, client and version, and begins anew when it is taken', () => {
  const counts = new UsageCounts(10);
  const web = { name: 'web', version: '1' };
  counts.add(operation('h'), web, { failed: false, now: 1_000 });
  // As it comes from another document of the same operation.
  counts.add(operation('h'), { ...web }, { failed: true, now: 2_000 });
  counts.add(operation('h'), { name: 'web', version: '2' }, { failed: false, now: 3_000 });
  counts.add(operation('h'), unknownClient, { failed: false, now: 3_000 });
  counts.add(operation('other'), web, { failed: false, now: 3_000 });
  const lines = taken(counts);
  expect(lines[0]).toEqual({
    v: 1,
    type: 'operation',
    kind: 'query',
    name: 'h',
    hash: 'h',
    fields: ['Query.a'],
    client: web,
    count: 2,
    errors: 1,
    firstSeen: '1970-01-01T00:00:01.000Z',
    lastSeen: '1970-01-01T00:00:02.000Z',
  });
  expect(lines.slice(1)).toMatchObject([
    { hash: 'h', client: { version: '2' }, count: 1 },
    { hash: 'h', client: { name: null, version: null }, count: 1 },
    { hash: 'other', client: web, count: 1, errors: 0 },
  ]);
  expect(taken(counts)).toEqual([]);
});

test('beyond the bound, what is new is counted together, and what is known goes on', () => {
  const counts = new UsageCounts(2);
  for (const [index, hash] of ['a', 'b', 'c', 'd', 'a'].entries())
    counts.add(operation(hash), unknownClient, { failed: hash === 'd', now: index * 1_000 });
  expect(taken(counts)).toEqual([
    expect.objectContaining({ hash: 'a', count: 2 }),
    expect.objectContaining({ hash: 'b', count: 1 }),
    {
      v: 1,
      type: 'other',
      count: 2,
      errors: 1,
      firstSeen: '1970-01-01T00:00:02.000Z',
      lastSeen: '1970-01-01T00:00:03.000Z',
    },
  ]);
});

test('operations of very many fields meet the bound sooner', () => {
  const counts = new UsageCounts(10);
  const fields = Array.from({ length: 300 }, (_, index) => `Query.f${index}`);
  counts.add(operation('a', fields), unknownClient, { failed: false, now: 0 });
  counts.add(operation('b', fields), unknownClient, { failed: false, now: 0 });
  expect(taken(counts)).toMatchObject([{ hash: 'a' }, { type: 'other', count: 1 }]);
});

test('a client is known by its headers or its connection_init, in a form that can stand in a line', () => {
  expect(clientOf({ 'apollographql-client-name': 'web', 'apollographql-client-version': '1.2' })).toEqual({
    name: 'web',
    version: '1.2',
  });
  expect(clientOf({ 'graphql-client-name': 'tv', 'apollographql-client-name': ' ' })).toEqual({
    name: 'tv',
    version: null,
  });
  expect(clientOf({ clientName: 'board', clientVersion: 3 })).toEqual({ name: 'board', version: null });
  expect(clientOf({ clientName: `a\n\u202e${'b'.repeat(200)}` }).name).toBe(`a${'b'.repeat(97)}`);
  expect(clientOf({ clientName: ['x'], authorization: 'secret' })).toBe(unknownClient);
});
