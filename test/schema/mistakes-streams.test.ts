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

describe('Mistakes in streams, changes and mutations', () => {
  test('@consume elsewhere', () => {
    const sdl = `${gate}
type Query { a: Gate @consume }`;
    expect(mistakesOf(sdl)).toEqual([
      '12:22 Query.a has @consume, but only fields of Subscription are streams. Move the field to Subscription, or write @view.',
    ]);
  });

  test('a payload without a topic', () => {
    const sdl = `${gate}
type Gat { a: Int }
type Subscription { a: Gat! @consume b: [Gate!]! @consume }`;
    expect(mistakesOf(sdl)).toEqual([
      '13:24 Subscription.a must return one type with @topic or @change, which Gat is not. Add @topic to Gat, or return a type that has one: Gate.',
      '13:41 Subscription.b must return one type with @topic or @change, which a list is not. Write Gate!: each record is an event of its own.',
    ]);
  });

  test('a snapshot without @change', () => {
    const sdl = `${gate}
type Subscription { a: Gate! @consume(snapshot: true) }`;
    expect(mistakesOf(sdl)).toEqual([
      '12:30 Subscription.a asks for a snapshot, but Gate is no @change type and cannot say where it ends. Return a type with @change(of: "Gate"), or remove snapshot.',
    ]);
  });

  test('the position: required, twice, and a replay that is no duration', () => {
    const sdl = `${gate}
type Subscription { a(from: Cursor!, to: Cursor): Gate! @consume(replay: "week") }`;
    expect(mistakesOf(sdl)).toEqual([
      '12:29 Argument "from" of Subscription.a must be optional: without it a stream begins now. Write Cursor.',
      '12:38 Subscription.a has two arguments of type Cursor. Keep one: it says where to begin.',
      '12:57 replay of Subscription.a is "week", which is no duration. Write a number and ms, s, m, h or d, such as "24h".',
    ]);
  });

  test('a filter that matches nothing', () => {
    const sdl = `${gate}
type Subscription { a(nam: String): Gate! @consume }`;
    expect(mistakesOf(sdl)).toEqual([
      '12:23 Argument "nam" of Subscription.a matches no record field of Gate. Did you mean "name"?',
    ]);
  });

  test('a change of no topic', () => {
    const sdl = `${gate}
type C @change(of: "Gat") { kind: ChangeKind! }`;
    expect(mistakesOf(sdl)).toEqual([
      '12:8 @change(of: "Gat") names no type with @topic. Did you mean "Gate"?',
    ]);
  });

  test('a change of events', () => {
    const sdl = `${knock}
type C @change(of: "Knock") { kind: ChangeKind! }`;
    expect(mistakesOf(sdl)).toEqual([
      '2:8 Knock has no COMPACT topic, so its records are events and not changes of rows. Add cleanup: COMPACT to @topic of Knock, or stream Knock itself.',
    ]);
  });

  test('a change with fields that nothing fills, or that must be nullable', () => {
    const sdl = `${gate}
type C @change(of: "Gate") { key: ID! gate: Gate! other: Int }`;
    expect(mistakesOf(sdl)).toEqual([
      '12:8 C has no field of type ChangeKind, so a client could not tell a delete from an update. Add kind: ChangeKind!',
      '12:35 C.key must be nullable: RESET and UP_TO_DATE carry no key. Remove the "!".',
      '12:45 C.gate must be nullable: RESET and UP_TO_DATE carry no value. Remove the "!".',
      '12:51 Nothing fills C.other: a change has one field each of types ChangeKind, ID and Gate. Remove the field.',
    ]);
  });

  test('@produce elsewhere', () => {
    const sdl = `${gate}
type Query { a: Gate @produce }`;
    expect(mistakesOf(sdl)).toEqual([
      '12:22 Query.a has @produce, but only fields of Mutation write. Move the field to Mutation, or remove @produce.',
    ]);
  });

  test('a mutation of no topic', () => {
    const sdl = `${gate}
type Mutation { a: Int @produce b: Gate @produce(type: "Gat") }`;
    expect(mistakesOf(sdl)).toEqual([
      '12:24 Mutation.a has @produce, but Int has no @topic. Name the type whose topic is written, such as @produce(type: "Flight").',
      '12:41 Mutation.b has @produce, but Gat has no @topic. Did you mean "Gate"?',
    ]);
  });

  test('an append without a resolver that does not fit', () => {
    const sdl = `${gate}
type Seat @key(fields: "row") @topic(name: "seats", key: "row", cleanup: COMPACT) { row: Int name: String }
type Mutation { a(id: ID!, nam: String): Gate @produce b(name: String): Seat @produce c(name: String): Gate @produce }`;
    expect(mistakesOf(sdl, { resolved: [] })).toEqual([
      '13:28 Argument "nam" of Mutation.a fills no field of Gate. Name it like one of id, name, open, count, at, tags, size, or write a resolver Mutation.a.',
      '13:56 Mutation.b appends a Seat without row. Add arguments for them, or write a resolver Mutation.b.',
    ]);
  });

  test('an append with arguments of another type', () => {
    const sdl = `type Knock @topic(name: "knocks") { kind: Kind! marks: [Int!] size: Size by: Person }
enum Kind { LOUD }
type Size { w: Int }
input SizeInput { w: Int }
type Person @key(fields: "id") { id: ID! }
type Mutation {
  good(kind: Kind!, marks: [Int!], size: SizeInput, by: ID): Knock @produce
  bad(kind: String!, marks: Int, size: [SizeInput], by: Int): Knock @produce
}`;
    expect(mistakesOf(sdl, { resolved: [] })).toEqual([
      '8:13 Argument "kind" of Mutation.bad has the type String!, but "kind" holds Kind. Write Kind, or write a resolver Mutation.bad.',
      '8:29 Argument "marks" of Mutation.bad has the type Int, but "marks" holds a list. Write [Int!], or write a resolver Mutation.bad.',
      '8:40 Argument "size" of Mutation.bad has the type [SizeInput], but "size" holds an object. Write an input with the fields of Size, or write a resolver Mutation.bad.',
      '8:57 Argument "by" of Mutation.bad has the type Int, but "by" holds the key of Person. Write ID, or write a resolver Mutation.bad.',
    ]);
  });

  test('an append whose arguments for retries and conflicts mean nothing', () => {
    const sdl = `${gate}
${knock}
type Mutation {
  good(id: ID!, idempotencyKey: ID, ifPosition: [Float!]): Gate @produce
  bad(id: ID!, idempotencyKey: [ID!], ifPosition: Int): Gate @produce
  worse(id: ID!, idempotencyKey: ID): Knock @produce
}`;
    expect(mistakesOf(sdl, { resolved: [] })).toEqual([
      '15:32 Argument "idempotencyKey" of Mutation.bad has the type [ID!]. Write ID, or write a resolver Mutation.bad.',
      '15:51 Argument "ifPosition" of Mutation.bad has the type Int. Write [Float!], or write a resolver Mutation.bad.',
      '16:18 Argument "idempotencyKey" of Mutation.worse needs a view, but the topic of Knock is not COMPACT. Remove it, or write a resolver Mutation.worse.',
    ]);
  });

  test('fields that nothing gives, once the resolvers are known', () => {
    const sdl = `${gate}
type Query { a: Int f: Int }
type Subscription { b: Gate }
type Mutation { c: Gate }
type P @key(fields: "id") { id: ID! d: Int }
type GateConnection { nodes: [Gate!]! total: Int }`;
    expect(mistakesOf(sdl, { resolved: ['Query.f'] })).toEqual([
      '12:14 Nothing gives Query.a. Add @view, or write a resolver Query.a.',
      '13:21 Nothing gives Subscription.b. Add @consume, or write a resolver Subscription.b.',
      '14:17 Nothing gives Mutation.c. Add @produce, or write a resolver Mutation.c.',
      '15:37 Nothing gives P.d. Add @view, or write a resolver P.d.',
      '16:39 Nothing gives GateConnection.total. Remove it, or write a resolver GateConnection.total.',
    ]);
  });
});
