import { describe, expect, test } from 'vitest';
import { mistakesOf } from './sdl.ts';

const gate = `
type Gate @key(fields: "id") @topic(name: "gates", key: "id", cleanup: COMPACT) {
  id: ID!
  name: String
  open: Boolean
  count: Int
  at: DateTime
  tags: [String!]
  size: Size
}
type Size { w: Int }`;
const knock = 'type Knock @topic(name: "knocks") { id: ID! at: DateTime }';

describe('Mistakes in views', () => {
  test('@view on a stream or a mutation', () => {
    const sdl = `${gate}
type Subscription { gate: Gate @view }
type Mutation { gate: Gate @view }`;
    expect(mistakesOf(sdl)).toEqual([
      '12:32 Subscription.gate has @view, but a field of Subscription streams. Write @consume.',
      '13:28 Mutation.gate has @view, but a field of Mutation writes. Write @produce.',
    ]);
  });

  test('a type without a topic', () => {
    const sdl = `${gate}
type Gates { a: Int }
type Query { gates: [Gates!]! @view n: Int @view }`;
    expect(mistakesOf(sdl)).toEqual([
      '13:31 Query.gates has @view, but Gates has no @topic. Add @topic to Gates, or return a type that has one: Gate.',
      '13:44 Query.n has @view, but Int has no @topic. Return a type that has one: Gate.',
    ]);
  });

  test('no topic at all', () => {
    const sdl = `type Query { n: Int @view }`;
    expect(mistakesOf(sdl)).toEqual([
      '1:21 Query.n has @view, but Int has no @topic. Add @topic to a type, and return it.',
    ]);
  });

  test('a topic that is not COMPACT', () => {
    const sdl = `${knock}
type Query { knocks(first: Int, after: String): KnockConnection! @view }`;
    expect(mistakesOf(sdl)).toEqual([
      '2:66 Query.knocks has @view, but the topic of Knock is not COMPACT, so it has no latest record of each key. Add cleanup: COMPACT to @topic of Knock, or stream it with @consume.',
    ]);
  });

  test('arguments that match nothing', () => {
    const sdl = `${gate}
type Query { gates(nam: String, zzz: Int): GateConnection! @view }`;
    expect(mistakesOf(sdl)).toEqual([
      '12:20 Argument "nam" of Query.gates matches no record field of Gate. Did you mean "name"?',
      '12:33 Argument "zzz" of Query.gates matches no record field of Gate. Name it like a field, with From or Before for a range: id, name, open, count, at, tags, size.',
    ]);
  });

  test('"after" on a plain list', () => {
    const sdl = `${gate}
type Query { gates(first: Int, after: String): [Gate!]! @view }`;
    expect(mistakesOf(sdl)).toEqual([
      '12:32 Query.gates returns a plain list, which cannot say where its next page begins. Return GateConnection!, or remove "after".',
    ]);
  });

  test('arguments of another type than the field', () => {
    const sdl = `${gate}
type Query {
  gates(id: Int, ids: [Int!], openFrom: Boolean, tags: [String!], size: Int, name: [[String]]): [Gate!]! @view
}`;
    expect(mistakesOf(sdl)).toEqual([
      '13:13 Argument "id" of Query.gates has the type Int, but "id" holds ID. Write ID.',
      '13:23 Argument "ids" of Query.gates has the type Int, but "id" holds ID. Write [ID!].',
      '13:41 Argument "openFrom" of Query.gates is a range of "open", and values of Boolean have no order. Filter by equality: open: Boolean.',
      '13:56 Argument "tags" of Query.gates compares with "tags", which is a list. Filter by a scalar, an enum or an entity.',
      '13:73 Argument "size" of Query.gates compares with "size", which is an object. Filter by a scalar, an enum or an entity.',
      '13:84 Argument "name" of Query.gates is a list of lists. Write [String!].',
    ]);
  });

  test('an argument for an entity that is not its key', () => {
    const sdl = `type T @topic(name: "t", key: "id", cleanup: COMPACT) { id: ID! a: A @index b: B @index }
type A @key(fields: "n") { n: Int! }
type B @key(fields: "x y") { x: ID! y: ID! }
input Right { x: ID! y: ID! }
type Query { bad(a: ID, b: ID): [T!]! @view good(a: Int, b: Right): [T!]! @view }`;
    expect(mistakesOf(sdl)).toEqual([
      '5:21 Argument "a" of Query.bad has the type ID, but "a" holds the key of A. Write Int.',
      '5:28 Argument "b" of Query.bad has the type ID, but "b" holds the key of B. Write an input with the fields x, y.',
    ]);
  });

  test('a filter or an order without an index', () => {
    const sdl = `${gate}
type Query { gates(name: String, atFrom: DateTime, atBefore: DateTime): [Gate!]! @view(orderBy: ["count"]) }`;
    expect(mistakesOf(sdl)).toEqual([
      '12:14 Query.gates filters by Gate.name, which has no index. Add @index to Gate.name.',
      '12:14 Query.gates filters by Gate.at, which has no index. Add @index to Gate.at.',
      '12:14 Query.gates orders by Gate.count, which has no index. Add @index to Gate.count.',
    ]);
  });

  test('orders that do not exist', () => {
    const sdl = `${gate}
type Query { gates: [Gate!]! @view(orderBy: ["cont", "tags", "id UP"]) }`;
    expect(mistakesOf(sdl)).toEqual([
      '12:30 orderBy of Query.gates names "cont", which is no scalar or enum of a record of Gate. Did you mean "count"?',
      '12:30 orderBy of Query.gates names "tags", which is no scalar or enum of a record of Gate. Name one of: id, name, open, count, at.',
      '12:30 orderBy of Query.gates has the entry "id UP". Write "id", "id ASC" or "id DESC".',
    ]);
  });

  test('one row without its key', () => {
    const sdl = `${gate}
type Query { gate(name: String): Gate @view any: Gate @view }`;
    expect(mistakesOf(sdl)).toEqual([
      '12:14 Query.gate returns one Gate, so its arguments must be the record key "id". Take id, or return GateConnection! for many rows.',
      '12:45 Query.any returns one Gate, so its arguments must be the record key "id". Take id, or return GateConnection! for many rows.',
    ]);
  });

  test('"on" without a parent', () => {
    const sdl = `${gate}
type Query { gates: [Gate!]! @view(on: "name") }`;
    expect(mistakesOf(sdl)).toEqual([
      '12:30 Query.gates has no parent whose key "on" could name. Remove on, or filter by an argument.',
    ]);
  });

  test('a parent without a key', () => {
    const sdl = `${gate}
type P { gates: [Gate!]! @view }`;
    expect(mistakesOf(sdl)).toEqual([
      '12:26 P.gates has @view, but P has no key by which its rows could be found. Add @key to P, with fields of its own.',
    ]);
  });

  test('no field that refers to the parent', () => {
    const sdl = `${gate}
type P @key(fields: "id") { id: ID! gates: [Gate!]! @view }`;
    expect(mistakesOf(sdl)).toEqual([
      '12:53 P.gates does not say which field of Gate holds the key of P. Write on: with the record field of Gate that holds P.id.',
    ]);
  });

  test('several fields that refer to the parent', () => {
    const sdl = `type G @topic(name: "g", key: "id", cleanup: COMPACT) { id: ID! a: P b: P }
type P @key(fields: "id") { id: ID! gs: [G!]! @view }`;
    expect(mistakesOf(sdl)).toEqual([
      '2:47 P.gs does not say which field of G holds the key of P. Write on: "a"; G refers to P by a, b.',
    ]);
  });

  test('"on" with an unknown field', () => {
    const sdl = `${gate}
type P @key(fields: "id") { id: ID! gates: [Gate!]! @view(on: "nam") }`;
    expect(mistakesOf(sdl)).toEqual([
      '12:53 on of P.gates names "nam", which is no record field of Gate. Did you mean "name"?',
    ]);
  });

  test('"on" with more fields than the key', () => {
    const sdl = `${gate}
type P @key(fields: "id") { id: ID! gates: [Gate!]! @view(on: ["name", "id"]) }`;
    expect(mistakesOf(sdl)).toEqual([
      '12:53 on of P.gates names 2 fields, but the key of P has 1. Name one field of Gate for each of: id.',
    ]);
  });

  test('"on" with fields that hold something else', () => {
    const sdl = `type G @topic(name: "g", key: "id", cleanup: COMPACT) { id: ID! q: Q n: Int l: [ID] }
type Q @key(fields: "id") { id: ID! }
type P @key(fields: "id") {
  id: ID!
  a: [G!]! @view(on: "q")
  b: [G!]! @view(on: "n")
  c: [G!]! @view(on: "l")
}`;
    expect(mistakesOf(sdl)).toEqual([
      '5:12 on of P.a names "q", which holds the key of Q and not P.id. Name the field of G that holds it.',
      '6:12 on of P.b names "n", which holds Int and not P.id. Name the field of G that holds it.',
      '7:12 on of P.c names "l", which holds a list and not P.id. Name the field of G that holds it.',
    ]);
  });

  test('page sizes and "after"', () => {
    const sdl = `${gate}
type Query {
  gates(first: Int = 501, after: Int): GateConnection! @view
  list(first: String): [Gate!]! @view
}`;
    expect(mistakesOf(sdl)).toEqual([
      '13:22 A page of Query.gates cannot have 501 rows. Give a default from 1 to 500.',
      '13:34 Argument "after" of Query.gates is an opaque text. Write after: String.',
      '14:15 Argument "first" of Query.list is a number of rows. Write first: Int.',
    ]);
  });
});
