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

describe('Mistakes in the SDL itself', () => {
  test('syntax, told alone', () => {
    const sdl = `type Query {
  a:
}`;
    expect(mistakesOf(sdl)).toEqual([
      '3:1 Syntax Error: Expected Name, found "}". Correct the syntax at this place.',
    ]);
  });

  test('an unknown type', () => {
    const sdl = `type Query { a: Flght }
type Flight { id: ID }`;
    expect(mistakesOf(sdl)).toEqual([
      '1:17 Unknown type "Flght". Did you mean "Flight" or "Float"? Define the type, or correct its name.',
    ]);
  });

  test('what is defined twice', () => {
    const sdl = `type Query { a: Int a: Int }
enum E { A A }
type T { a: Int }
type T { b: Int }`;
    expect(mistakesOf(sdl)).toEqual([
      '1:14 Field "Query.a" can only be defined once. Keep one of them.',
      '2:10 Enum value "E.A" can only be defined once. Keep one of them.',
      '3:6 There can be only one type named "T". Keep one of them.',
    ]);
  });

  test('an unknown directive', () => {
    const sdl = `type Query { a: Int @vieww b: Int @wow c: Int @shareble }`;
    expect(mistakesOf(sdl)).toEqual([
      '1:21 There is no directive @vieww. Did you mean "@view"?',
      '1:35 There is no directive @wow. Remove it, or define it.',
      '1:47 There is no directive @shareble. Did you mean "@shareable"?',
    ]);
  });

  test('arguments that a directive does not have, or of another type', () => {
    const sdl = `type T @topic(nam: "a", cleanup: COMPCT, partitions: "6") { a: Int @index(x: 1) }
type U @topic(name: "u", cleanup: "COMPACT", key: [1]) { a: Int }`;
    expect(mistakesOf(sdl)).toEqual([
      '1:8 @topic needs the argument "name". Add name: a text in quotes.',
      '1:15 @topic has no argument "nam". Did you mean "name"?',
      '1:34 @topic(cleanup:) cannot be COMPCT. Did you mean COMPACT?',
      '1:54 @topic(partitions:) cannot be "6". Write a whole number.',
      '1:75 @index has no argument "x". It has none: remove it.',
      '2:35 @topic(cleanup:) cannot be "COMPACT". Write COMPACT, without quotes.',
      '2:51 @topic(key:) cannot be [1]. Write a text in quotes.',
    ]);
  });

  test('a directive in the wrong place', () => {
    const sdl = `type Query @view { a(x: Int @index): Int @topic(name: "x") }`;
    expect(mistakesOf(sdl)).toEqual([
      '1:12 @view belongs to a field of an object type. Move it there.',
      '1:29 @index belongs to a field of an object type. Move it there.',
      '1:42 @topic belongs to an object type. Move it there.',
    ]);
  });

  test('a directive given twice', () => {
    const sdl = `${gate}
type Query { gate(id: ID!): Gate @view @view }`;
    expect(mistakesOf(sdl)).toEqual([
      '12:34 The directive "@view" can only be used once at this location. Keep one of them.',
    ]);
  });

  test('a federation key that selects nothing', () => {
    const sdl = `type Query { a: T }
type T @key(fields: "idd") { id: ID! }`;
    expect(mistakesOf(sdl)).toEqual([
      '2:8 On type "T", for @key(fields: "idd"): Cannot query field "idd" on type "T" (the field should either be added to this subgraph or, if it should not be resolved by this subgraph, you need to add it to this subgraph with @external). Name fields in @key that the type has in this subgraph.',
    ]);
  });

  test('another vocabulary, an unknown word and a renamed one', () => {
    const sdl = `extend schema
  @link(url: "https://tributary.dev/kafka/v2.0", import: ["@topics", { name: "@view", as: "@v" }])
type Query { a: Int }`;
    expect(mistakesOf(sdl)).toEqual([
      '2:9 This release knows no https://tributary.dev/kafka/v2.0. Write "https://tributary.dev/kafka/v1.0".',
      '2:59 The vocabulary has no @topics. Did you mean "@topic"?',
      '2:70 @view cannot be renamed to @v. Import "@view" under its own name.',
    ]);
  });
});
