import { describe, expect, test } from 'vitest';
import { mistakesOf } from './sdl.ts';

describe('Mistakes in topics', () => {
  test('a name that Kafka refuses', () => {
    const sdl = `type T @topic(name: "a b") { a: Int }`;
    expect(mistakesOf(sdl)).toEqual([
      '1:8 "a b" is no name of a Kafka topic. Use 1 to 249 letters, digits, dots, underscores and hyphens.',
    ]);
  });

  test('a number of partitions that no topic has', () => {
    const sdl = `type T @topic(name: "a", partitions: 0) { a: Int }`;
    expect(mistakesOf(sdl)).toEqual(['1:8 A topic cannot have 0 partitions. Give a number from 1 to 10000.']);
  });

  test('two types on one topic', () => {
    const sdl = `type T @topic(name: "a") { a: Int }
type U @topic(name: "a") { a: Int }`;
    expect(mistakesOf(sdl)).toEqual(['2:8 Topic "a" already fills T. Give U a topic of its own.']);
  });

  test('COMPACT without a key', () => {
    const sdl = `type T @key(fields: "code") @topic(name: "a", cleanup: COMPACT) { code: ID! }`;
    expect(mistakesOf(sdl)).toEqual([
      '1:29 T has a COMPACT topic without a key; Kafka keeps the latest record of each key. Add the field that is the record key, such as key: "code".',
    ]);
  });

  test('a key that is no record field', () => {
    const sdl = `type T @topic(name: "a", key: "idd") { id: ID! }`;
    expect(mistakesOf(sdl)).toEqual([
      '1:8 The key names "idd", which is no record field of T. Did you mean "id"?',
    ]);
  });

  test('a key that is no single value', () => {
    const sdl = `type T @topic(name: "a", key: ["id", "size", "seat"]) { id: [ID!] size: Size seat: Seat }
type Size { w: Int }
type Seat @key(fields: "row letter") { row: Int! letter: String! }`;
    expect(mistakesOf(sdl)).toEqual([
      '1:8 T.id is a list and cannot be a record key. Name a scalar, an enum or an entity with one key field.',
      '1:8 T.size is an object and cannot be a record key. Name a scalar, an enum or an entity with one key field.',
      '1:8 T.seat is an object and cannot be a record key. Name a scalar, an enum or an entity with one key field.',
    ]);
  });

  test('an entity without a view', () => {
    const sdl = `type T @key(fields: "id") @topic(name: "a", key: "id") { id: ID! }`;
    expect(mistakesOf(sdl)).toEqual([
      '1:8 T is an entity, but its topic is not COMPACT, so there is no view to find it in. Add cleanup: COMPACT to @topic, or resolvable: false to @key.',
    ]);
  });

  test('an entity with another key than the record', () => {
    const sdl = `type T @key(fields: "id") @key(fields: "code") @topic(name: "a", key: "id", cleanup: COMPACT) {
  id: ID!
  code: ID!
}`;
    expect(mistakesOf(sdl)).toEqual([
      '1:27 The @key "code" of T is not its record key "id", so no row can be found by it. Write fields: "id", add resolvable: false, or write a resolver T.__resolveReference.',
    ]);
  });

  test('an entity with a key inside an object', () => {
    const sdl = `type T @key(fields: "id s { w }") @topic(name: "a", key: "id", cleanup: COMPACT) { id: ID! s: S! }
type S { w: Int! }`;
    expect(mistakesOf(sdl)).toEqual([
      '1:8 A @key of T selects fields of an object, which no record key can hold. Name fields of the type itself.',
    ]);
  });

  test('@record without one source', () => {
    const sdl = `type T @topic(name: "a") {
  a: Int @record
  b: Int @record(field: "x", part: KEY)
  c: Int @record(field: "x.")
}`;
    expect(mistakesOf(sdl)).toEqual([
      '2:10 @record of T.a has no argument. Give one of field, part and header.',
      '3:10 @record of T.b has field and part. Give one of field, part and header.',
      '4:10 "x." is no path in a record\'s value. Write members separated by dots, such as "origin" or "route.origin".',
    ]);
  });

  test('@record of a single value on a list or an object', () => {
    const sdl = `type T @topic(name: "a") { a: [Int] @record(part: KEY) b: S @record(header: "h") }
type S { w: Int @record(part: OFFSET) }`;
    expect(mistakesOf(sdl)).toEqual([
      '1:37 T.a is a list, and KEY is a single value. Return a scalar.',
      '1:61 T.b is an object, and a header is a single value. Return a scalar.',
      "2:17 S.w lies within a record's value, so it has no part of its own. Move the field to the type with @topic.",
    ]);
  });

  test('@record of a number that outgrows Int', () => {
    const sdl = `type T @topic(name: "a") {
  a: Int @record(part: OFFSET)
  b: Int @record(part: TIMESTAMP)
  c: Int @record(part: PARTITION)
}`;
    expect(mistakesOf(sdl)).toEqual([
      '2:10 T.a is an Int, which ends at 2147483647; OFFSET goes beyond. Return String or Float.',
      '3:10 T.b is an Int, which ends at 2147483647; TIMESTAMP goes beyond. Return DateTime or Float.',
    ]);
  });

  test('@record where no record fills the field', () => {
    const sdl = `type T @topic(name: "a") { id: ID! f(a: Int): Int @record(field: "x") }
type P @key(fields: "id") @topic(name: "b") { id: ID! @external @record(part: KEY) }`;
    expect(mistakesOf(sdl)).toEqual([
      '1:51 No record fills T.f, because it has arguments. Remove @record.',
      '2:8 P is an entity, but its topic is not COMPACT, so there is no view to find it in. Add cleanup: COMPACT to @topic, or resolvable: false to @key.',
      '2:65 No record fills P.id, because it is @external. Remove @record.',
    ]);
  });

  test('a type that contains itself', () => {
    const sdl = `type T @topic(name: "a") { id: ID s: S }
type S { inner: S }`;
    expect(mistakesOf(sdl)).toEqual([
      '2:17 S contains itself, so no record can hold all of it. Give S a @key, so that the record holds its key, or write a resolver for the field.',
    ]);
  });

  test('a union in a record', () => {
    const sdl = `type T @topic(name: "a") { id: ID u: U }
type S { a: Int }
union U = S`;
    expect(mistakesOf(sdl, { resolved: [] })).toEqual([
      '1:38 No record can hold U, which is an interface or a union. Return one object type, or write a resolver for the field.',
    ]);
  });

  test('@index without effect', () => {
    const sdl = `type S { a: Int @index }
type T @topic(name: "a") { s: S @index l: [Int] @index f(a: Int): Int @index }`;
    expect(mistakesOf(sdl)).toEqual([
      '1:17 @index of S.a has no effect, because S has no @topic. Remove it, or add @topic to the type.',
      '2:33 T.s cannot be indexed, because it is an object. Remove @index.',
      '2:49 T.l cannot be indexed, because it is a list. Remove @index.',
      '2:71 @index of T.f has no effect, because no record fills the field. Remove it.',
    ]);
  });
});
