import { describe } from 'vitest';
import { answers, federation2 } from './served.ts';

const v2 = federation2(
  '@key',
  '@external',
  '@requires',
  '@shareable',
  '@context',
  '@fromContext',
  '@override',
);

const parcels = [
  { id: 'p1', size: { width: 2, height: 3 }, weight: 4, parts: [{ grams: 5 }, null, { grams: 6 }] },
  { id: 'p2', size: null, weight: null, parts: [] },
  { id: 'p3', size: { width: 1, height: null }, weight: 0, parts: null },
];

describe('@requires', () => {
  answers(
    {
      parcels: {
        typeDefs: `${v2}
          type Query { parcels: [Parcel!]! parcel: Parcel }
          type Parcel @key(fields: "id") { id: ID! size: Size weight: Int parts: [Part] price(currency: String, net: Boolean): String }
          type Size { width: Int height: Int }
          type Part { grams: Int! }`,
        resolvers: {
          Query: { parcels: () => parcels, parcel: () => parcels[0] },
          Parcel: {
            __resolveReference: ({ id }: { id: string }) => parcels.find((parcel) => parcel.id === id),
            price: ({ id }: { id: string }, { currency, net }: { currency: string; net?: boolean }) =>
              `${id} ${currency}${net ? ' net' : ''}`,
          },
        },
      },
      shipping: {
        typeDefs: `${v2}
          type Parcel @key(fields: "id") {
            id: ID!
            size: Size @external
            weight: Int @external
            parts: [Part] @external
            price(currency: String, net: Boolean): String @external
            area: Int @requires(fields: "size { width height }")
            cost: Int @requires(fields: "weight")
            heavy: Boolean @requires(fields: "parts { grams } weight")
            label: String @requires(fields: "price(currency: \\"USD\\")")
            bill: String @requires(fields: "price(currency: \\"CHF\\", net: true)")
          }
          type Size { width: Int @external height: Int @external }
          type Part { grams: Int! @external }`,
        resolvers: {
          Parcel: {
            area: ({ size }: (typeof parcels)[0]) =>
              size === null || size.height === null ? null : size.width * size.height,
            cost: ({ weight }: { weight: number | null }) => (weight === null ? -1 : weight * 10),
            heavy: ({ parts }: (typeof parcels)[0]) => parts?.some((part) => (part?.grams ?? 0) > 5) ?? null,
            label: ({ price }: { price: string }) => `<${price}>`,
            bill: ({ price }: { price: string }) => `[${price}]`,
          },
        },
      },
      customs: {
        typeDefs: `${v2}
          type Parcel @key(fields: "id") {
            id: ID! cost: Int @external area: Int @external duty: Int @requires(fields: "cost area")
          }`,
        resolvers: { Parcel: { duty: ({ cost, area }: { cost: number; area: number }) => cost + area } },
      },
    },
    {
      'of nested objects and lists, with null among them': {
        query: '{ parcels { area heavy } }',
        data: {
          parcels: [
            { area: 6, heavy: true },
            { area: null, heavy: false },
            { area: null, heavy: null },
          ],
        },
      },
      'of what others require': {
        query: '{ parcel { duty } }',
        data: { parcel: { duty: 46 } },
        asked: ['parcels', 'shipping', 'customs'],
      },
      'of an argument, whatever the client gives': {
        query: 'query($c: String) { parcel { bill label price(currency: $c) other: price(currency: "X") } }',
        variables: { c: 'GBP' },
        data: { parcel: { bill: '[p1 CHF net]', label: '<p1 USD>', price: 'p1 GBP', other: 'p1 X' } },
      },
      'with aliases that are names of what is required': {
        query: '{ parcel { weight: id size: weight cost price: area parts: cost area: duty } }',
        data: { parcel: { weight: 'p1', size: 4, cost: 40, price: 6, parts: 40, area: 46 } },
      },
      'of fields that are skipped for the client': {
        query: 'query($no: Boolean!) { parcels { weight @include(if: $no) cost area @include(if: $no) } }',
        variables: { no: false },
        data: { parcels: [{ cost: 40 }, { cost: -1 }, { cost: 0 }] },
      },
      'of fields beside them': {
        query: '{ parcels { parts { grams } heavy size { height } } }',
        data: {
          parcels: [
            { parts: [{ grams: 5 }, null, { grams: 6 }], heavy: true, size: { height: 3 } },
            { parts: [], heavy: false, size: null },
            { parts: null, heavy: null, size: { height: null } },
          ],
        },
      },
    },
  );
});

describe('@context', () => {
  answers(
    {
      a: {
        typeDefs: `${v2}
          type Query { shops: [Shop] }
          type Shop @key(fields: "id") @context(name: "shop") { id: ID! locale: Locale! shelves: [[Item]] }
          type Locale { currency: String! }
          type Item @key(fields: "id") {
            id: ID! price(currency: String @fromContext(field: "$shop { locale { currency } }"), tax: Boolean = false): String
          }`,
        resolvers: {
          Query: {
            shops: () =>
              ['EUR', 'USD'].map((currency) => ({
                id: currency,
                locale: { currency },
                shelves: [[{ id: 'i1' }, null], null, [{ id: 'i2' }]],
              })),
          },
          Item: {
            __resolveReference: ({ id }: { id: string }) => ({ id }),
            price: ({ id }: { id: string }, { currency, tax }: { currency: string; tax: boolean }) =>
              `${id} ${currency} ${tax}`,
          },
          Shop: { __resolveReference: ({ id }: { id: string }) => ({ id, locale: { currency: id } }) },
        },
      },
      b: {
        typeDefs: `${v2} type Item @key(fields: "id") { id: ID! stock: Int }`,
        resolvers: { Item: { stock: () => 3 } },
      },
    },
    {
      'gives each parent its own, with aliases that are names of the context': {
        query: '{ shops { locale: id shelves { price(tax: true) stock } } }',
        data: {
          shops: ['EUR', 'USD'].map((currency) => ({
            locale: currency,
            shelves: [
              [{ price: `i1 ${currency} true`, stock: 3 }, null],
              null,
              [{ price: `i2 ${currency} true`, stock: 3 }],
            ],
          })),
        },
      },
    },
  );
});

describe('@override', () => {
  const override = (label: string): string =>
    `type Item @key(fields: "id") { id: ID! name: String @override(from: "a"${label}) upper: String @requires(fields: "tag") tag: String @external }`;
  const sources = (label: string) => ({
    a: {
      typeDefs: `${v2} type Query { items: [Item] } type Item @key(fields: "id") { id: ID! name: String tag: String }`,
      resolvers: {
        Query: { items: () => [{ id: '1', name: 'old', tag: 't' }] },
        Item: { __resolveReference: ({ id }: { id: string }) => ({ id, name: 'old', tag: 't' }) },
      },
    },
    b: {
      typeDefs: v2 + override(label),
      resolvers: { Item: { name: () => 'new', upper: ({ tag }: { tag: string }) => tag.toUpperCase() } },
    },
  });
  describe('at once', () => {
    answers(sources(''), {
      'beside a @requires': {
        query: '{ items { upper name tag } }',
        data: { items: [{ upper: 'T', name: 'new', tag: 't' }] },
      },
    });
  });
  describe.each([
    ['percent(100)', 'new', ['a', 'b']],
    ['percent(0)', 'old', ['a']],
  ])('by label %s', (label, name, asked) => {
    answers(sources(`, label: "${label}"`), {
      'for a share of the requests': { query: '{ items { name } }', data: { items: [{ name }] }, asked },
    });
  });
});

const texts = ['ab', 'cde'].map((draft, index) => ({ id: `t${index}`, draft }));

describe('@requires of what has a @requires', () => {
  answers(
    {
      texts: {
        typeDefs: `${v2}
          type Query { texts: [Text!]! }
          type Text @key(fields: "id") {
            id: ID! draft: String pages(large: Boolean): Pages @external
            price: Int @requires(fields: "pages(large: true) { count }") bill: String @requires(fields: "tax")
            tax: Int @external
          }
          type Pages @shareable { count: Int of: Text }`,
        resolvers: {
          Query: { texts: () => texts },
          Text: {
            __resolveReference: (text: { id: string }) => ({
              ...texts.find(({ id }) => id === text.id),
              ...text,
            }),
            price: ({ pages }: { pages: { count: number } }) => pages.count * 10,
            bill: ({ tax }: { tax: number | null }) => (tax === null ? null : `with ${tax}`),
          },
        },
      },
      printing: {
        typeDefs: `${v2}
          type Text @key(fields: "id") {
            id: ID! draft: String @external pages(large: Boolean): Pages @requires(fields: "draft")
            price: Int @external tax: Int @requires(fields: "price")
          }
          type Pages @shareable { count: Int of: Text }`,
        resolvers: {
          Text: {
            pages: ({ id, draft }: (typeof texts)[0], { large }: { large?: boolean }) => ({
              count: draft.length * (large ? 2 : 1),
              of: { id },
            }),
            tax: ({ price, id }: { price: number; id: string }) => {
              if (id === 't1') throw new Error('no tax');
              return price / 5;
            },
          },
        },
      },
    },
    {
      'goes back to subgraphs that were asked before': {
        query: '{ texts { price } }',
        data: { texts: [{ price: 40 }, { price: 60 }] },
        asked: ['texts', 'printing', 'texts'],
      },
      'more than once, and an error on the way stays where it is': {
        query: '{ texts { draft sum: bill } }',
        data: {
          texts: [
            { draft: 'ab', sum: 'with 8' },
            { draft: 'cde', sum: null },
          ],
        },
        errors: [['texts', 1, 'tax']],
        asked: ['texts', 'printing', 'texts', 'printing', 'texts'],
      },
      'under aliases that are names of what lies on the way': {
        query: '{ texts { pages: price draft: id price: draft tax: pages { count } } }',
        data: {
          texts: [
            { pages: 40, draft: 't0', price: 'ab', tax: { count: 2 } },
            { pages: 60, draft: 't1', price: 'cde', tax: { count: 3 } },
          ],
        },
      },
      'and what it returns can be asked for more': {
        query: '{ texts { pages { count of { draft } } tax } }',
        data: {
          texts: [
            { pages: { count: 2, of: { draft: 'ab' } }, tax: 8 },
            { pages: { count: 3, of: { draft: 'cde' } }, tax: null },
          ],
        },
        errors: [['texts', 1, 'tax']],
      },
    },
  );
});
