import { buildSchema, getOperationAST, parse, print, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import {
  identityKey,
  type NormalisedOperation,
  normalise,
  operationVariables,
  withPosition,
} from '../../../gateway/subscriptions/identity.ts';

const schema = buildSchema(`
  scalar Cursor
  input Filter { a: Int b: [String!] }
  type Query { a: Int }
  type Subscription { events(topic: String, filter: Filter, from: Cursor): Event required(at: Cursor!): Event }
  type Event { id: ID topic: String }
`);

const normal = (text: string, name?: string): NormalisedOperation => {
  const document = parse(text);
  expect(validate(schema, document)).toEqual([]);
  return normalise(schema, document, getOperationAST(document, name)!);
};

const key = (text: string, variables: Record<string, unknown> = {}): string => {
  const normalised = normal(text);
  return identityKey(normalised, operationVariables(normalised.operation, variables));
};

describe('S15 identity of an operation', () => {
  test.each<[string, string, string]>([
    ['white space', 'subscription { events { id } }', 'subscription{events{id}}'],
    ['a comment', 'subscription { events { id } }', '# hello\nsubscription { events { id } }'],
    ['the position', 'subscription { events { id } }', 'subscription { events(from: "EARLIEST") { id } }'],
    [
      'a variable for the position',
      'subscription A { events { id } }',
      'subscription A($from: Cursor) { events(from: $from) { id } }',
    ],
    [
      'the order of variables and fragments',
      'subscription($a: String, $b: Filter) { events(topic: $a, filter: $b) { ...X ...Y } } fragment X on Event { id } fragment Y on Event { topic }',
      'subscription($b: Filter, $a: String) { events(topic: $a, filter: $b) { ...X ...Y } } fragment Y on Event { topic } fragment X on Event { id }',
    ],
  ])('is the same whatever %s', (_name, a, b) => {
    expect(key(a)).toBe(key(b));
  });

  test('other operations of a document do not count', () => {
    const both = normal('subscription A { events { id } } subscription B { events { topic } }', 'A');
    expect(both.text).toBe(normal('subscription A { events { id } }').text);
  });

  test('values count by what they are, not by how they are written', () => {
    const text = 'subscription($f: Filter, $t: String = "x") { events(filter: $f, topic: $t) { id } }';
    const same = key(text, { f: { a: 1, b: ['x'] } });
    expect(key(text, { f: { b: ['x'], a: 1 }, t: 'x', unknown: 7 })).toBe(same);
    expect(key(text, { f: { b: ['x'], a: 2 } })).not.toBe(same);
    expect(key(text, { f: { a: 1, b: ['x'] }, t: null })).not.toBe(same);
  });

  test.each<[string, string, string]>([
    ['another field', 'subscription { events { id } }', 'subscription { events { topic } }'],
    ['another name', 'subscription A { events { id } }', 'subscription B { events { id } }'],
    ['an alias', 'subscription { events { id } }', 'subscription { e: events { id } }'],
    ['an argument', 'subscription { events { id } }', 'subscription { events(topic: "a") { id } }'],
    [
      'a required cursor',
      'subscription { required(at: "a") { id } }',
      'subscription { required(at: "b") { id } }',
    ],
  ])('differs by %s', (_name, a, b) => {
    expect(key(a)).not.toBe(key(b));
  });
});

describe('S7 the position in an operation', () => {
  test.each([
    ['a field', 'subscription { events(from: "c") { id } }'],
    ['a fragment', 'subscription { ...F } fragment F on Subscription { events(from: "c") { id } }'],
    ['an inline fragment', 'subscription { ... { events(from: "c") { id } } }'],
    ['a field written twice', 'subscription { events(from: "c") { id } events(from: "c") { topic } }'],
  ])('is taken out of %s, and put back', (_name, text) => {
    const normalised = normal(text);
    expect(normalised).toMatchObject({
      field: 'events',
      position: { argument: 'from', value: { value: 'c' } },
    });
    expect(normalised.text).not.toContain('from');
    const placed = withPosition(normalised, 'from', 'EARLIEST');
    expect(validate(schema, placed)).toEqual([]);
    expect(print(placed).split('from: "EARLIEST"')).toHaveLength(text.split('from').length);
  });

  test('a field without such an argument has none', () => {
    expect(normal('subscription { required(at: "a") { id } }').position).toBeNull();
  });
});
