import { describe } from 'vitest';
import { answers, federation2 } from './served.ts';

const v2 = federation2('@key', '@external', '@requires', '@shareable', '@inaccessible', '@tag');

describe('what several subgraphs have', () => {
  answers(
    {
      a: {
        typeDefs: `${v2}
          type Query { home: Home @shareable search(filter: Filter, first: Int! = 2): [Item] @shareable kinds: [Kind] counts: [[Int]] }
          type Home @shareable { title: String owner: Owner }
          type Owner @shareable { name: String } 
          type Item @key(fields: "id") { id: ID! kind: Kind }
          input Filter { name: String kind: Kind = SMALL }
          enum Kind { SMALL LARGE HIDDEN @inaccessible }`,
        resolvers: {
          Query: {
            home: () => ({ title: 'T', owner: { name: 'O' } }),
            search: (_: unknown, { filter, first }: { filter?: { kind: string }; first: number }) =>
              ['1', '2', '3'].slice(0, first).map((id) => ({ id, kind: filter?.kind })),
            kinds: () => ['SMALL', 'LARGE', null],
            counts: () => [[1, null], null, []],
          },
          Item: { __resolveReference: ({ id }: { id: string }) => ({ id, kind: 'HIDDEN' }) },
        },
      },
      b: {
        typeDefs: `${v2}
          type Query { home: Home @shareable last: Item hidden: Item }
          type Home @shareable { owner: Owner visits: Int }
          type Owner @shareable { name: String age: Int }
          type Item @key(fields: "id") { id: ID! size(kind: Kind): Int }
          enum Kind { SMALL LARGE HIDDEN @inaccessible }`,
        resolvers: {
          Query: {
            home: () => ({ owner: { name: 'O', age: 3 }, visits: 7 }),
            last: () => ({ id: '9' }),
            hidden: () => null,
          },
          Item: {
            size: ({ id }: { id: string }, { kind }: { kind?: string }) =>
              Number(id) * (kind === 'LARGE' ? 100 : 1),
          },
        },
      },
      c: {
        typeDefs: `${v2}
          type Query { search(filter: Filter, first: Int! = 2): [Item] @shareable }
          type Item @key(fields: "id") { id: ID! }
          input Filter { kind: Kind = SMALL }
          enum Kind { SMALL LARGE HIDDEN @inaccessible }`,
        resolvers: { Query: { search: () => [] } },
      },
    },
    {
      'objects are put together from both': {
        query: '{ home { visits owner { age name } title } }',
        data: { home: { visits: 7, owner: { age: 3, name: 'O' }, title: 'T' } },
      },
      'an input has what all know': {
        query: 'query($filter: Filter) { search(filter: $filter, first: 1) { kind size(kind: LARGE) } }',
        variables: { filter: { kind: 'LARGE' } },
        data: { search: [{ kind: 'LARGE', size: 100 }] },
      },
      'defaults are those of the subgraph': {
        query: '{ search(filter: {}) { kind id } }',
        data: {
          search: [
            { kind: 'SMALL', id: '1' },
            { kind: 'SMALL', id: '2' },
          ],
        },
      },
      'a hidden value of an enum is null': {
        query: '{ last { id kind size } }',
        data: { last: { id: '9', kind: null, size: 9 } },
      },
      'leaves in lists of lists': {
        query: '{ counts kinds }',
        data: { counts: [[1, null], null, []], kinds: ['SMALL', 'LARGE', null] },
      },
      'a join of nothing asks nobody': {
        query: '{ hidden { kind size } }',
        data: { hidden: null },
        asked: ['b'],
      },
      'introspection beside data': {
        query: '{ last { id } __type(name: "Kind") { enumValues { name } } __typename }',
        data: {
          last: { id: '9' },
          __type: { enumValues: [{ name: 'SMALL' }, { name: 'LARGE' }] },
          __typename: 'Query',
        },
      },
    },
  );
});

describe('what is @inaccessible', () => {
  answers(
    {
      a: {
        typeDefs: `${v2}
          type Query { pets: [Pet] sure: [Pet!] shades: [Shade!] shade: Shade! keeper: Keeper }
          type Keeper @key(fields: "id") { id: ID! }
          interface Pet { name: String }
          type Hare implements Pet { name: String }
          type Lynx implements Pet @inaccessible @shareable { name: String }
          enum Shade { DARK LIGHT SECRET @inaccessible }`,
        resolvers: {
          Query: {
            pets: () => ['Hare', 'Lynx'].map((kind) => ({ __typename: kind, name: `the ${kind}` })),
            sure: () => [{ __typename: 'Lynx' }],
            shades: () => ['DARK', 'SECRET'],
            shade: () => 'SECRET',
            keeper: () => ({ id: '1' }),
          },
        },
      },
      b: {
        typeDefs: `${v2}
          type Keeper @key(fields: "id") { id: ID! pet: Pet }
          interface Pet { name: String }
          type Lynx implements Pet @inaccessible @shareable { name: String }`,
        resolvers: { Keeper: { pet: () => ({ __typename: 'Lynx', name: 'L' }) } },
      },
    },
    {
      'a hidden type is null': {
        query: '{ pets { __typename name } keeper { pet { name } } }',
        data: { pets: [{ __typename: 'Hare', name: 'the Hare' }, null], keeper: { pet: null } },
      },
      'a hidden type that must not be null is an error': {
        query: '{ pets { name } sure { name } }',
        data: { pets: [{ name: 'the Hare' }, null], sure: null },
        errors: [['sure', 0]],
      },
      'so is a hidden value': {
        query: '{ shades }',
        data: { shades: null },
        errors: [['shades', 1]],
      },
      'up to the root': { query: '{ shade }', data: null, errors: [['shade']] },
    },
  );
});
