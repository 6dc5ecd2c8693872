import { buildGraph, type Graph } from './graph.ts';

const users = [
  { id: '1', name: 'Ada', best: '2' },
  { id: '2', name: 'Ben', best: null },
  { id: '3', name: 'Cyd', best: '1' },
];
const reviews = [
  { id: 'r1', stars: 5, author: '1', product: 'p1' },
  { id: 'r2', stars: 3, author: '2', product: 'p1' },
  { id: 'r3', stars: 4, author: '1', product: 'p2' },
];

/** Four subgraphs: users, their reviews, products, and what it costs to ship them. */
export const shop = (): Graph =>
  buildGraph({
    accounts: {
      typeDefs: `
        type Query { users: [User!]! user(id: ID!): User grid: [[User]] }
        type User @key(fields: "id") { id: ID! name: String! best: User }`,
      resolvers: {
        Query: {
          users: () => users,
          user: (_: unknown, { id }: { id: string }) => users.find((user) => user.id === id),
          grid: () => [[users[0], null], [], null, [users[2], users[0]]],
        },
        User: {
          __resolveReference: ({ id }: { id: string }) => users.find((user) => user.id === id) ?? null,
          best: ({ best }: { best: string | null }) => users.find((user) => user.id === best),
        },
      },
    },
    reviews: {
      typeDefs: `
        type User @key(fields: "id") { id: ID! reviews(first: Int = 10): [Review!]! }
        type Review @key(fields: "id") { id: ID! stars: Int! author: User product: Product }
        type Product @key(fields: "upc") { upc: ID! reviews: [Review!]! }`,
      resolvers: {
        User: {
          reviews: ({ id }: { id: string }, { first }: { first: number }) =>
            reviews.filter(({ author }) => author === id).slice(0, first),
        },
        Review: {
          author: ({ author }: { author: string }) => ({ id: author }),
          product: ({ product }: { product: string }) => ({ upc: product }),
        },
        Product: { reviews: ({ upc }: { upc: string }) => reviews.filter(({ product }) => product === upc) },
      },
    },
    products: {
      typeDefs: `
        type Query { top: [Product] }
        type Product @key(fields: "upc") { upc: ID! title: String price: Int weight: Int }`,
      resolvers: {
        Query: { top: () => [product('p1'), product('p2'), null, product('p3')] },
        Product: { __resolveReference: ({ upc }: { upc: string }) => product(upc) },
      },
    },
    inventory: {
      typeDefs: `
        type Product @key(fields: "upc") {
          upc: ID! price: Int @external weight: Int @external inStock: Boolean
          shipping: Int @requires(fields: "price weight")
        }`,
      resolvers: {
        Product: {
          inStock: ({ upc }: { upc: string }) => upc === 'p1',
          shipping: ({ price, weight }: { price: number; weight: number }) => price + weight,
        },
      },
    },
  });

const product = (upc: string) =>
  upc === 'p3'
    ? { upc, title: null, price: null, weight: 1 }
    : { upc, title: `T ${upc}`, price: 10, weight: 2 };
