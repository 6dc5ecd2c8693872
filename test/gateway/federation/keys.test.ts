import { describe } from 'vitest';
import { answers, federation2 } from './served.ts';

const v2 = federation2('@key', '@external', '@requires', '@shareable', '@provides');

describe('keys that lead from one subgraph to the next', () => {
  answers(
    {
      ids: {
        typeDefs: `${v2}
          type Query { product: Product products: [Product] }
          type Product @key(fields: "id") { id: ID! }`,
        resolvers: {
          Query: { product: () => ({ id: 1 }), products: () => [{ id: 1 }, null, { id: 2 }, { id: 1 }] },
        },
      },
      codes: {
        typeDefs: `${v2}
          type Product @key(fields: "id") @key(fields: "code { value kind }") { id: ID! code: Code! }
          type Code @shareable { value: Int! kind: Kind! }
          enum Kind { EAN ISBN }`,
        resolvers: {
          Product: {
            code: ({ id }: { id: string }) => ({ value: Number(id), kind: id === '1' ? 'EAN' : 'ISBN' }),
          },
        },
      },
      prices: {
        typeDefs: `${v2}
          type Product @key(fields: "code { kind value }") @key(fields: "sku region { name }") {
            code: Code! price: Float sku: String! region: Region!
          }
          type Code @shareable { value: Int! kind: Kind! }
          type Region @shareable { name: String! }
          enum Kind { EAN ISBN }`,
        resolvers: {
          Product: {
            price: ({ code }: { code: { value: number } }) => code.value + 0.5,
            sku: ({ code }: { code: { kind: string } }) => `sku-${code.kind}`,
            region: () => ({ name: 'Zürich' }),
          },
        },
      },
      stock: {
        typeDefs: `${v2}
          type Product @key(fields: "sku region { name }") { sku: String! region: Region! stock: [Int!]! }
          type Region @shareable { name: String! }`,
        resolvers: {
          Product: {
            stock: ({ sku, region }: { sku: string; region: { name: string } }) => [
              sku.length,
              region.name.length,
            ],
          },
        },
      },
    },
    {
      'through two others, by a nested key and by one of two fields': {
        query: '{ products { stock price } }',
        data: {
          products: [
            { stock: [7, 6], price: 1.5 },
            null,
            { stock: [8, 6], price: 2.5 },
            { stock: [7, 6], price: 1.5 },
          ],
        },
        asked: ['ids', 'codes', 'prices', 'stock'],
      },
      'with aliases that are names of keys': {
        query: '{ product { code: stock id: price sku: code { kind: value } region: id } }',
        data: { product: { code: [7, 6], id: 1.5, sku: { kind: 1 }, region: '1' } },
      },
      'with the keys themselves, in another order': {
        query: '{ product { region { name } code { kind value } sku id __typename } }',
        data: {
          product: {
            region: { name: 'Zürich' },
            code: { kind: 'EAN', value: 1 },
            sku: 'sku-EAN',
            id: '1',
            __typename: 'Product',
          },
        },
      },
    },
  );
});

describe('keys that are lists, null, or unknown', () => {
  answers(
    {
      a: {
        typeDefs: `${v2}
          type Query { boxes: [Box] }
          type Box @key(fields: "tags") @key(fields: "id") { tags: [String!] id: ID }`,
        resolvers: {
          Query: {
            boxes: () => [
              { tags: ['a', 'ü"'], id: '1' },
              { tags: [], id: null },
              { tags: ['a', 'ü"'], id: '3' },
              { tags: ['?'], id: '4' },
            ],
          },
        },
      },
      b: {
        typeDefs: `${v2} type Box @key(fields: "tags") { tags: [String!] count: Int }`,
        resolvers: {
          Box: {
            __resolveReference: (box: { tags: string[] }) => (box.tags[0] === '?' ? null : box),
            count: ({ tags }: { tags: string[] }) => tags.length,
          },
        },
      },
      c: {
        typeDefs: `${v2} type Box @key(fields: "id") { id: ID weight: Int }`,
        resolvers: { Box: { weight: ({ id }: { id: string | null }) => (id === null ? null : Number(id)) } },
      },
    },
    {
      'a list as key; nobody knows one of them': {
        query: '{ boxes { count } }',
        data: { boxes: [{ count: 2 }, { count: 0 }, { count: 2 }, { count: null }] },
      },
      'a key that is null': {
        query: '{ boxes { id weight } }',
        data: {
          boxes: [
            { id: '1', weight: 1 },
            { id: null, weight: null },
            { id: '3', weight: 3 },
            { id: '4', weight: 4 },
          ],
        },
      },
    },
  );
});

describe('objects that are no entities', () => {
  answers(
    {
      a: {
        typeDefs: `${v2}
          type Query { page: Page @shareable }
          type Page @key(fields: "id") { id: ID! meta: Meta @shareable }
          type Meta { title: String }`,
        resolvers: { Query: { page: () => ({ id: '1' }) }, Page: { meta: () => ({ title: 'T' }) } },
      },
      b: {
        typeDefs: `${v2}
          type Query { page: Page @shareable }
          type Page @key(fields: "id") { id: ID! meta: Meta @shareable related: [Page] }
          type Meta { words: Int tags: [[Tag]] }
          type Tag { name: String }`,
        resolvers: {
          Query: { page: () => ({ id: '1' }) },
          Page: {
            meta: ({ id }: { id: string }) => ({
              words: Number(id),
              tags: [[{ name: `t${id}` }, null], null, []],
            }),
            related: () => [{ id: '2' }, null],
          },
        },
      },
    },
    {
      'are got by the entity around them': {
        query:
          '{ page { meta { title words tags { name } } related { id meta { tags { name } title words } } } }',
        data: {
          page: {
            meta: { title: 'T', words: 1, tags: [[{ name: 't1' }, null], null, []] },
            related: [
              { id: '2', meta: { tags: [[{ name: 't2' }, null], null, []], title: 'T', words: 2 } },
              null,
            ],
          },
        },
      },
    },
  );
});

describe('@provides', () => {
  answers(
    {
      catalog: {
        typeDefs: `${v2}
          type Query { media: [Media] @provides(fields: "... on Book { author { name } }") best: Book @provides(fields: "title author { name }") }
          union Media = Book | Film
          type Book @key(fields: "id") { id: ID! title: String @external author: Author @external }
          type Film @key(fields: "id") { id: ID! }
          type Author { name: String @external }`,
        resolvers: {
          Query: {
            media: () => [
              { __typename: 'Book', id: 'b1', author: { name: 'given' } },
              { __typename: 'Film', id: 'f1' },
              null,
            ],
            best: () => ({ id: 'b2', title: 'given', author: { name: 'given' } }),
          },
        },
      },
      books: {
        typeDefs: `${v2}
          type Book @key(fields: "id") { id: ID! title: String @shareable author: Author @shareable }
          type Author { name: String @shareable born: Int }
          type Film @key(fields: "id") { id: ID! title: String }`,
        resolvers: {
          Book: { title: () => 'own', author: () => ({ name: 'own', born: 1900 }) },
          Film: { title: () => 'film' },
        },
      },
    },
    {
      'of nested fields, without a fetch': {
        query: '{ best { title author { name } } }',
        data: { best: { title: 'given', author: { name: 'given' } } },
        asked: ['catalog'],
      },
      'of a member of a union': {
        query: '{ media { ... on Book { author { name } } ... on Film { title } } }',
        data: { media: [{ author: { name: 'given' } }, { title: 'film' }, null] },
      },
    },
  );
});
