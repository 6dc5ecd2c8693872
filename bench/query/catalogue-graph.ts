import { composeServices } from '@apollo/composition';
import { type GraphQLError, parse } from 'graphql';

/** What the subgraphs of the queries have: products, their reviews, and who wrote them. */
const typeDefs = {
  products: `
    type Query { top(first: Int!, from: Int = 0): [Product!]! }
    type Product @key(fields: "upc") { upc: ID! name: String! price: Int! description: String! }`,
  reviews: `
    type Product @key(fields: "upc") { upc: ID! reviews: [Review!]! }
    type Review { id: ID! stars: Int! text: String! author: User! }
    type User @key(fields: "id") { id: ID! }`,
  users: `
    type User @key(fields: "id") { id: ID! name: String! city: String! }`,
  stock: `
    type Product @key(fields: "upc") { upc: ID! inStock: Boolean! warehouse: String! }`,
} as const;

export type SubgraphName = keyof typeof typeDefs;
export const subgraphNames = Object.keys(typeDefs) as SubgraphName[];

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n';

/** The supergraph SDL, with the subgraphs at these addresses. */
export const composeCatalogue = (urls: Readonly<Record<SubgraphName, string>>): string => {
  const composed = composeServices(
    subgraphNames.map((name) => ({ name, typeDefs: parse(link + typeDefs[name]), url: urls[name] })),
  );
  if (composed.supergraphSdl !== undefined) return composed.supergraphSdl;
  throw new Error(composed.errors?.map((error: GraphQLError) => error.message).join('\n'));
};

type Row = Readonly<Record<string, unknown>>;

const reviewsOf = (upc: string): Row[] =>
  [1, 2].map((number) => ({
    __typename: 'Review',
    id: `${upc}-r${number}`,
    stars: 1 + ((upc.length + number) % 5),
    text: `What reviewer ${number} has to say of ${upc}: well made, came in time.`,
    // Each author has two of forty reviews, as those who review tend to have.
    author: { __typename: 'User', id: `u${Number(upc.slice(1)) % 20}` },
  }));

const product = (upc: string): Row => ({
  __typename: 'Product',
  upc,
  name: `Product ${upc}`,
  price: 100 + Number(upc.slice(1)),
  description: `A thing that is good to have, number ${upc} of its kind.`,
  inStock: Number(upc.slice(1)) % 3 !== 0,
  warehouse: `Hall ${Number(upc.slice(1)) % 7}`,
  reviews: reviewsOf(upc),
});

const user = (id: string): Row => ({ __typename: 'User', id, name: `Reviewer ${id}`, city: `City of ${id}` });

/** `first` products, beginning at the one of number `from`. */
export const topProducts = (first: number, from: number): Row[] =>
  Array.from({ length: first }, (_, index) => product(`p${from + index}`));

export const entity = ({ __typename, upc, id }: Row): Row =>
  __typename === 'User' ? user(String(id)) : product(String(upc));
