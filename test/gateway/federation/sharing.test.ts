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
      'an enum hides a value, and says so at its place': {
        query: '{ last { id kind size } }',
        data: { last: { id: '9', kind: null, size: 9 } },
        errors: [['last', 'kind']],
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
