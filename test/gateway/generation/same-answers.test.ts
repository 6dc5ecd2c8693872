import { buildSchema, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { changeOfMeaning } from '../../../gateway/generation/same-answers.ts';

const sdl = `
  type Query { ready: Boolean }
  type Subscription {
    events(kind: Kind = BORN, limit: Int, where: Where): Event!
    things: Thing!
  }
  enum Kind { BORN GONE }
  input Where { name: String = "a", size: Int }
  interface Thing { id: ID! }
  type Event implements Thing { id: ID! name: String! sizes: [Int!] kind: Kind! owner(full: Boolean = false): Owner other: Int }
  type Owner implements Thing { id: ID! name: String }
`;

/** What becomes of an operation when the schema is changed by replacements of text. */
const change = (
  text: string,
  replacements: Readonly<Record<string, string>>,
  variables: Record<string, unknown> = {},
): string | null => {
  let after = sdl;
  for (const [from, to] of Object.entries(replacements)) {
    if (!after.includes(from)) throw new Error(`the schema has no "${from}"`);
    after = after.replace(from, to);
  }
  return changeOfMeaning({ document: parse(text), variables }, buildSchema(sdl), buildSchema(after));
};

const all =
  'subscription { events { ...E } } fragment E on Event { id name sizes kind owner { ... on Thing { id } name } }';

describe('S19 an operation means the same', () => {
  test.each<[string, Readonly<Record<string, string>>]>([
    ['nothing changed', {}],
    ['a field was added', { 'other: Int': 'other: Int more: String!' }],
    ['a field that is not selected changed', { 'other: Int': 'other: String!' }],
    ['a field that is not selected was removed', { 'other: Int': '' }],
    ['an argument was added', { 'limit: Int': 'limit: Int, offset: Int = 0' }],
    ['an argument that is not given was removed', { ', limit: Int': '' }],
    ['an enum has another value', { 'BORN GONE': 'BORN MOVED GONE' }],
    [
      'an interface has another type',
      { 'type Owner': 'type More implements Thing { id: ID! }\n  type Owner' },
    ],
    ['a field of an input was added', { 'size: Int }': 'size: Int, colour: String = "red" }' }],
  ])('%s', (_, replacements) => {
    expect(change(all, replacements)).toBeNull();
  });

  test('an input whose type has a new field with a default', () => {
    const replacements = { 'size: Int }': 'size: Int, colour: String = "red" }' };
    expect(change('subscription { events(where: { size: 1 }) { id } }', replacements)).toBeNull();
    const given = { where: { name: 'b' } };
    const text = 'subscription ($where: Where) { events(where: $where) { id } }';
    expect(change(text, replacements, given)).toBeNull();
  });

  test('a union or interface that it selects no field of changed its fields', () => {
    expect(
      change('subscription { things { __typename } }', {
        'type Owner implements Thing { id: ID! ': 'type Owner implements Thing { id: ID! more: Int ',
      }),
    ).toBeNull();
  });
});

describe('S19 an operation does not mean the same, and the client is told why', () => {
  test.each<[string, Readonly<Record<string, string>>, string]>([
    [
      'a type changed',
      { 'sizes: [Int!]': 'sizes: [Float!]' },
      'Field "Event.sizes" was [Int!] and is [Float!].',
    ],
    [
      'nullability changed to nullable',
      { 'name: String!': 'name: String' },
      'Field "Event.name" was String! and is String.',
    ],
    [
      'nullability changed to non-null',
      { 'name: String }': 'name: String! }' },
      'Field "Owner.name" was String and is String!.',
    ],
    [
      'nullability changed within a list',
      { '[Int!]': '[Int]' },
      'Field "Event.sizes" was [Int!] and is [Int].',
    ],
    ['a field was removed', { 'kind: Kind! ': '' }, 'Cannot query field "kind" on type "Event".'],
    [
      'a default changed',
      { 'kind: Kind = BORN': 'kind: Kind = GONE' },
      'Argument "kind" of "Subscription.events" has another value or default.',
    ],
    [
      'a default below changed',
      { 'full: Boolean = false': 'full: Boolean = true' },
      'Argument "full" of "Event.owner" has another value or default.',
    ],
    [
      'an argument is required',
      { 'limit: Int': 'limit: Int!' },
      'argument "limit" of type "Int!" is required, but it was not provided.',
    ],
    [
      'an enum became a scalar',
      { 'enum Kind { BORN GONE }': 'scalar Kind' },
      'Type "Kind" was GraphQLEnumType and is GraphQLScalarType.',
    ],
  ])('%s', (_, replacements, reason) => {
    expect(change(all, replacements)).toContain(reason);
  });

  test('a literal is coerced to something else', () => {
    const reason = change('subscription { events(limit: 5) { id } }', { 'limit: Int': 'limit: ID' });
    expect(reason).toBe('Argument "limit" of "Subscription.events" has another value or default.');
  });

  test('a variable does not fit any more', () => {
    const text = 'subscription ($kind: Kind!) { events(kind: $kind) { id } }';
    const reason = change(text, { 'BORN GONE': 'BORN' }, { kind: 'GONE' });
    expect(reason).toContain('Value "GONE" does not exist in "Kind" enum.');
  });

  test('the default of an input field that it left to it', () => {
    const reason = change('subscription { events(where: { size: 1 }) { id } }', { '"a"': '"b"' });
    expect(reason).toBe('Argument "where" of "Subscription.events" has another value or default.');
  });

  test('a fragment is on a type that is gone', () => {
    const text = 'subscription { things { id ... on Owner { name } } }';
    expect(change(text, { 'type Owner implements Thing': 'type Owner' })).toContain('Owner');
  });
});
