import { describe } from 'vitest';
import { answers, federation2 } from './served.ts';

const v2 = federation2('@key', '@external', '@requires', '@shareable');
const fail = (message: string) => (): never => {
  throw new Error(message);
};

describe('nulls and errors', () => {
  answers(
    {
      a: {
        typeDefs: `${v2}
          type Query { items: [Item] strict: [Item!]! grid: [[Item!]] item(id: ID!): Item }
          type Item @key(fields: "id") { id: ID! broken: String strictlyBroken: Int! other: Item }`,
        resolvers: {
          Query: {
            items: () => ['1', '2', '3', '1'].map((id) => ({ id })),
            strict: () => ['1', '2'].map((id) => ({ id })),
            grid: () => [[{ id: '1' }], [{ id: '2' }, { id: '4' }], null, []],
            item: (_: unknown, { id }: { id: string }) => (id === '0' ? null : { id }),
          },
          Item: {
            broken: fail('no'),
            strictlyBroken: fail('no'),
            other: ({ id }: { id: string }) => ({ id: `${id}0` }),
          },
        },
      },
      b: {
        typeDefs: `${v2}
          type Item @key(fields: "id") { id: ID! name: String! score: Float note: Note notes: [Note!] }
          type Note { text: String! lines: [Int!]! }`,
        resolvers: {
          Item: {
            __resolveReference: ({ id }: { id: string }) => (id === '4' ? null : { id }),
            name: ({ id }: { id: string }) => (id === '2' ? null : `name ${id}`),
            score: ({ id }: { id: string }) => {
              if (id === '1') throw new Error('no score');
              return id === '3' ? 1e21 : -0.5;
            },
            note: ({ id }: { id: string }) => ({ text: id === '3' ? null : 'é', lines: [1, 2] }),
            notes: () => [
              { text: 'a', lines: [] },
              { text: 'b', lines: [3] },
            ],
          },
        },
      },
    },
    {
      'a null that may not be ends at the next place that may': {
        query: '{ items { id name } }',
        data: {
          items: [
            { id: '1', name: 'name 1' },
            null,
            { id: '3', name: 'name 3' },
            { id: '1', name: 'name 1' },
          ],
        },
        errors: [['items', 1, 'name']],
      },
      'or takes all': { query: '{ strict { name } }', data: null, errors: [['strict', 1, 'name']] },
      'in lists of lists': {
        query: '{ grid { id name } }',
        data: { grid: [[{ id: '1', name: 'name 1' }], null, null, []] },
        errors: [['grid', 1, 0, 'name']],
      },
      'an error has the path of every place': {
        query: '{ items { score } }',
        data: { items: [{ score: null }, { score: -0.5 }, { score: 1e21 }, { score: null }] },
        errors: [
          ['items', 0, 'score'],
          ['items', 3, 'score'],
        ],
      },
      'under aliases, below objects': {
        query: '{ id: items { __typename: note { id: text lines } } }',
        data: {
          id: [
            { __typename: { id: 'é', lines: [1, 2] } },
            { __typename: { id: 'é', lines: [1, 2] } },
            { __typename: null },
            { __typename: { id: 'é', lines: [1, 2] } },
          ],
        },
        errors: [['id', 2, '__typename', 'id']],
      },
      'of the root': {
        query:
          '{ a: item(id: "1") { broken id } b: item(id: "2") { strictlyBroken id } c: item(id: "0") { name } }',
        data: { a: { broken: null, id: '1' }, b: null, c: null },
        errors: [
          ['a', 'broken'],
          ['b', 'strictlyBroken'],
        ],
      },
      'an error of the first fetch does not stop the second': {
        query: '{ item(id: "1") { broken notes { text lines } other { name } } }',
        data: {
          item: {
            broken: null,
            notes: [
              { text: 'a', lines: [] },
              { text: 'b', lines: [3] },
            ],
            other: { name: 'name 10' },
          },
        },
        errors: [['item', 'broken']],
      },
    },
  );
});
