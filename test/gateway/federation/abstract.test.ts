import { describe } from 'vitest';
import { answers, federation2 } from './served.ts';

const v2 = federation2('@key', '@external', '@requires', '@shareable', '@interfaceObject');

const media = [
  { __typename: 'Book', id: 'b1', title: 'B', pages: 10 },
  { __typename: 'Film', id: 'f1', title: 'F', minutes: 90 },
  null,
  { __typename: 'Song', id: 's1', title: 'S' },
  { __typename: 'Book', id: 'b2', title: null, pages: null },
];
const mediumOf = ({ id }: { id: string }) => media.find((medium) => medium?.id === id);

describe('interfaces and unions', () => {
  answers(
    {
      media: {
        typeDefs: `${v2}
          type Query { media: [Medium] shelves: [[Medium]!] found: [Found] one: Medium! }
          interface Medium @key(fields: "id") { id: ID! title: String }
          union Found = Book | Film
          type Book implements Medium @key(fields: "id") { id: ID! title: String pages: Int }
          type Film implements Medium @key(fields: "id") { id: ID! title: String minutes: Int }
          type Song implements Medium @key(fields: "id") { id: ID! title: String }`,
        resolvers: {
          Query: {
            media: () => media,
            shelves: () => [[media[0], null], [], [media[1], media[3]]],
            found: () => [media[0], media[1], null],
            one: () => media[1],
          },
          Medium: {
            __resolveType: ({ __typename }: { __typename: string }) => __typename,
            __resolveReference: mediumOf,
          },
          Book: { __resolveReference: mediumOf },
          Film: { __resolveReference: mediumOf },
          Song: { __resolveReference: mediumOf },
        },
      },
      prices: {
        typeDefs: `${v2}
          type Book @key(fields: "id") { id: ID! pages: Int @external price(currency: String = "EUR"): String perPage: String @requires(fields: "pages") }
          type Film @key(fields: "id") { id: ID! price(currency: String = "EUR"): String }`,
        resolvers: {
          Book: {
            price: ({ id }: { id: string }, { currency }: { currency: string }) => `${id} ${currency}`,
            perPage: ({ pages }: { pages: number | null }) => `by ${pages}`,
          },
          Film: {
            price: ({ id }: { id: string }, { currency }: { currency: string }) => `${id} ${currency}`,
          },
        },
      },
      likes: {
        typeDefs: `${v2}
          type Query { liked: [Medium] }
          type Medium @key(fields: "id") @interfaceObject {
            id: ID! title: String @external likes: Int fans: [Fan] headline: String @requires(fields: "title")
          }
          type Fan @key(fields: "id") { id: ID! favourite: Medium }`,
        resolvers: {
          Query: { liked: () => [{ id: 'f1' }, { id: 'b2' }] },
          Medium: {
            likes: ({ id }: { id: string }) => id.charCodeAt(1),
            fans: ({ id }: { id: string }) => [{ id: `fan ${id}` }, null],
            headline: ({ title }: { title: string | null }) => `* ${title} *`,
          },
          Fan: { favourite: ({ id }: { id: string }) => ({ id: id.slice(4) }) },
        },
      },
      fans: {
        typeDefs: `${v2} type Fan @key(fields: "id") { id: ID! name: String! }`,
        resolvers: { Fan: { name: ({ id }: { id: string }) => `Name of ${id}` } },
      },
    },
    {
      'fragments by type, joined for each': {
        query: `{ media { __typename ... on Book { price pages } ... on Film { cost: price(currency: "USD") minutes } } }`,
        data: {
          media: [
            { __typename: 'Book', price: 'b1 EUR', pages: 10 },
            { __typename: 'Film', cost: 'f1 USD', minutes: 90 },
            null,
            { __typename: 'Song' },
            { __typename: 'Book', price: 'b2 EUR', pages: null },
          ],
        },
      },
      'one key for other arguments by type': {
        query: '{ media { ... on Book { price } ... on Film { price(currency: "USD") } } }',
        data: { media: [{ price: 'b1 EUR' }, { price: 'f1 USD' }, null, {}, { price: 'b2 EUR' }] },
      },
      'one key for other fields by type': {
        query: '{ found { ... on Book { id: title x: pages } ... on Film { id: title x: minutes price } } }',
        data: { found: [{ id: 'B', x: 10 }, { id: 'F', x: 90, price: 'f1 EUR' }, null] },
      },
      'lists of lists': {
        query: '{ shelves { title likes ... on Book { price } } }',
        data: {
          shelves: [
            [{ title: 'B', likes: 49, price: 'b1 EUR' }, null],
            [],
            [
              { title: 'F', likes: 49 },
              { title: 'S', likes: 49 },
            ],
          ],
        },
      },
      '@requires of one of the types': {
        query: '{ media { ... on Book { perPage } } one { id } }',
        data: { media: [{ perPage: 'by 10' }, {}, null, {}, { perPage: 'by null' }], one: { id: 'f1' } },
      },
      'an interface object: from it to the types': {
        query: '{ liked { __typename likes title ... on Film { minutes price } ... on Book { pages } } }',
        data: {
          liked: [
            { __typename: 'Film', likes: 49, title: 'F', minutes: 90, price: 'f1 EUR' },
            { __typename: 'Book', likes: 50, title: null, pages: null },
          ],
        },
      },
      'an interface object: from the types to it, and on': {
        query: '{ one { headline fans { name favourite { title ... on Film { minutes } } } } }',
        data: {
          one: {
            headline: '* F *',
            fans: [{ name: 'Name of fan f1', favourite: { title: 'F', minutes: 90 } }, null],
          },
        },
      },
      'conditions on fragments': {
        query: `query($yes: Boolean!, $no: Boolean = false) {
          media { id ... on Book @include(if: $yes) { price } ...films @skip(if: $yes) ... on Medium @include(if: $no) { likes } } }
          fragment films on Film { price minutes @include(if: $no) }`,
        variables: { yes: false },
        data: { media: [{ id: 'b1' }, { id: 'f1', price: 'f1 EUR' }, null, { id: 's1' }, { id: 'b2' }] },
      },
    },
  );
});

describe('a field that is narrower in one subgraph', () => {
  const chart = { __typename: 'Chart', scale: 500 };
  const coin = { __typename: 'Coin', metal: 'silver' };
  const ofKind = { __resolveType: ({ __typename }: { __typename: string }) => __typename };
  const drawer = { top: chart, all: [chart, null, chart], any: coin, depth: 3 };

  answers(
    {
      desk: {
        typeDefs: `${v2}
          type Query { drawer: Drawer @shareable }
          type Drawer { top: Chart @shareable all: [Chart] @shareable any: Find @shareable depth: Int }
          union Find = Chart | Coin
          type Chart { scale: Int @shareable }
          type Coin { metal: String @shareable }`,
        resolvers: { Query: { drawer: () => drawer }, Find: ofKind },
      },
      vault: {
        typeDefs: `${v2}
          type Query { drawer: Drawer @shareable }
          type Drawer { top: Find @shareable all: [Find] @shareable any: Find @shareable }
          union Find = Chart | Coin
          type Chart { scale: Int @shareable }
          type Coin { metal: String @shareable }`,
        resolvers: { Query: { drawer: () => drawer }, Find: ofKind },
      },
    },
    {
      // The planner leaves out the __typename then: to the one subgraph that is asked, a chart is nothing else.
      'has its type asked for beside other fields': {
        query: '{ drawer { depth any { __typename } top { ... on Chart { scale } } } }',
        data: { drawer: { depth: 3, any: { __typename: 'Coin' }, top: { scale: 500 } } },
      },
      'has it in a list': {
        query:
          '{ drawer { depth any { ... on Coin { metal } } all { ... on Chart { size: scale } ... on Coin { metal } } } }',
        data: { drawer: { depth: 3, any: { metal: 'silver' }, all: [{ size: 500 }, null, { size: 500 }] } },
      },
      'has it where fragments are named': {
        query: `{ drawer { depth ...Things } }
          fragment Things on Drawer { top { ...Found } all { ...Found } any { ...Found } }
          fragment Found on Find { ... on Chart { scale } ... on Coin { metal } }`,
        data: {
          drawer: {
            depth: 3,
            top: { scale: 500 },
            all: [{ scale: 500 }, null, { scale: 500 }],
            any: { metal: 'silver' },
          },
        },
      },
    },
  );
});
