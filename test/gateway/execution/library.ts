import { type ExecutionResult, execute, type GraphQLSchema, parse } from 'graphql';
import { buildGraph, type Graph } from './graph.ts';

interface Row {
  readonly kind: string;
  readonly id: string;
}

const rows: readonly Row[] = ['b1', 'b2', 'b3', 'f1', 'f2', 's1'].map((id) => ({
  kind: { b: 'Book', f: 'Film', s: 'Song' }[id[0] ?? 'b'] ?? 'Book',
  id,
}));
const rowOf = (id: string): Row | null => rows.find((row) => row.id === id) ?? null;
const typeOf = { __resolveType: ({ kind }: Row) => kind };
const byId = { __resolveReference: ({ id }: Row) => rowOf(id) };
const next = ({ id }: Row, step: number): Row | null =>
  rows[(rows.findIndex((row) => row.id === id) + step) % rows.length] ?? null;
const text =
  (field: string) =>
  ({ id }: Row) =>
    id.endsWith('3') ? null : `${field} ${id}`;

/** Everything at once: unions and interfaces that differ by subgraph, an interface object, @requires, nulls, lists of lists. */
export const library = (): Graph =>
  buildGraph({
    works: {
      typeDefs: `
        type Query { works: [Work] work(id: ID!): Work books: [Book!]! any: [Any] shelves: [[Book]] root: Query @shareable }
        interface Work @key(fields: "id") { id: ID! title: String next: Work }
        union Any = Book | Film | Shelf
        type Book implements Work @key(fields: "id") { id: ID! title: String next: Work pages: Int! author: Person }
        type Film implements Work @key(fields: "id") { id: ID! title: String next: Work minutes: Float cast: [Person!] }
        type Song implements Work @key(fields: "id") { id: ID! title: String next: Work }
        type Shelf { label: String! books(first: Int = 2): [Book] inner: Shelf }
        type Person @key(fields: "id") { id: ID! name: String! }`,
      resolvers: {
        Query: {
          works: () => [...rows, null],
          work: (_: unknown, { id }: Row) => rowOf(id),
          books: () => rows.filter(({ kind }) => kind === 'Book'),
          any: () => [rows[0], rows[3], { kind: 'Shelf', label: 'top' }, null],
          shelves: () => [[rows[0], null], [], null, [rows[1], rows[0]]],
          root: () => ({}),
        },
        Work: { ...typeOf, ...byId },
        Any: typeOf,
        Book: {
          ...byId,
          title: text('title'),
          next: (row: Row) => next(row, 1),
          pages: ({ id }: Row) => id.charCodeAt(1),
          author: ({ id }: Row) => (id === 'b2' ? null : { id: 'p1' }),
        },
        Film: {
          ...byId,
          title: text('title'),
          next: (row: Row) => next(row, 2),
          minutes: () => 1.5,
          cast: ({ id }: Row) => (id === 'f2' ? null : [{ id: 'p1' }, { id: 'p2' }]),
        },
        Song: { ...byId, title: text('title'), next: () => null },
        Shelf: {
          books: (_: unknown, { first }: { first: number }) => [rows[0], rows[2], null].slice(0, first),
          inner: ({ label }: { label: string }) =>
            label === 'top' ? { kind: 'Shelf', label: 'inner' } : null,
        },
        Person: { __resolveReference: ({ id }: Row) => ({ id }), name: ({ id }: Row) => `person ${id}` },
      },
    },
    reviews: {
      typeDefs: `
        type Query { reviewed: [Work] root: Query @shareable }
        type Work @key(fields: "id") @interfaceObject { id: ID! stars(scale: Int = 5): Int reviews: [Review!] }
        type Review @key(fields: "id") { id: ID! text: String by: Person about: Work! }
        type Person @key(fields: "id") { id: ID! reviews: [Review] }`,
      resolvers: {
        Query: { reviewed: () => [{ id: 'f1' }, { id: 'b2' }], root: () => ({}) },
        Work: {
          stars: ({ id }: Row, { scale }: { scale: number }) => scale + id.charCodeAt(1),
          reviews: ({ id }: Row) => (id === 's1' ? null : [{ id: `r ${id}` }]),
        },
        Review: {
          text: ({ id }: Row) => `text ${id}`,
          by: ({ id }: Row) => (id === 'r b1' ? null : { id: 'p2' }),
          about: ({ id }: Row) => ({ id: id.slice(2) }),
        },
        Person: { reviews: ({ id }: Row) => (id === 'p2' ? [{ id: 'r f1' }, null] : []) },
      },
    },
    prices: {
      typeDefs: `
        type Query { cheapest: Sellable }
        interface Sellable { price: Int offer: Offer }
        union Offer = Book | Voucher
        type Voucher { code: String! }
        type Book implements Sellable @key(fields: "id") {
          id: ID! price: Int offer: Offer pages: Int! @external title: String @external
          perPage: Float @requires(fields: "pages") slogan: String @requires(fields: "title pages")
        }
        type Film implements Sellable @key(fields: "id") { id: ID! price: Int offer: Offer }
        type Person @key(fields: "id") { id: ID! name: String! @external tag: String! @requires(fields: "name") }`,
      resolvers: {
        Query: { cheapest: () => ({ kind: 'Book', id: 'b1' }) },
        Sellable: typeOf,
        Offer: typeOf,
        Book: {
          price: ({ id }: Row) => (id === 'b2' ? null : 7),
          offer: ({ id }: Row) =>
            id === 'b1' ? { kind: 'Book', id: 'b2' } : { kind: 'Voucher', code: `v ${id}` },
          perPage: ({ pages }: { pages: number }) => 700 / pages,
          slogan: ({ title, pages }: { title: string | null; pages: number }) => `${title}: ${pages} pages`,
        },
        Film: { price: () => 9, offer: () => null },
        Person: { tag: ({ name }: { name: string }) => `#${name}` },
      },
    },
  });

type Resolve = (source: never, args: never) => unknown;

/** The same graph without federation: what graphql-js answers from one place. */
export function monolith(
  schema: GraphQLSchema,
  query: string,
  variables: Record<string, unknown>,
): ExecutionResult {
  const pages = ({ id }: Row): number => id.charCodeAt(1);
  const person = ({ id }: Row) => ({ id, name: `person ${id}` });
  const work = {
    title: text('title'),
    stars: ({ id }: Row, { scale }: { scale: number }) => scale + id.charCodeAt(1),
    reviews: ({ id }: Row) => (id === 's1' ? null : [{ id: `r ${id}` }]),
  };
  const resolvers: Record<string, Record<string, Resolve>> = {
    Query: {
      works: () => [...rows, null],
      work: (_: never, { id }: Row) => rowOf(id),
      books: () => rows.filter(({ kind }) => kind === 'Book'),
      any: () => [rows[0], rows[3], { kind: 'Shelf', label: 'top' }, null],
      shelves: () => [[rows[0], null], [], null, [rows[1], rows[0]]],
      root: () => ({}),
      reviewed: () => [rowOf('f1'), rowOf('b2')],
      cheapest: () => rowOf('b1'),
    },
    Book: {
      ...work,
      pages,
      next: (row: Row) => next(row, 1),
      author: ({ id }: Row) => (id === 'b2' ? null : person({ kind: 'Person', id: 'p1' })),
      price: ({ id }: Row) => (id === 'b2' ? null : 7),
      offer: ({ id }: Row) => (id === 'b1' ? rowOf('b2') : { kind: 'Voucher', code: `v ${id}` }),
      perPage: (row: Row) => 700 / pages(row),
      slogan: (row: Row) => `${text('title')(row)}: ${pages(row)} pages`,
    },
    Film: {
      ...work,
      next: (row: Row) => next(row, 2),
      minutes: () => 1.5,
      cast: ({ id }: Row) =>
        id === 'f2' ? null : ['p1', 'p2'].map((each) => person({ kind: 'Person', id: each })),
      price: () => 9,
      offer: () => null,
    },
    Song: { ...work, next: () => null },
    Shelf: {
      books: (_: never, { first }: { first: number }) => [rows[0], rows[2], null].slice(0, first),
      inner: ({ label }: { label: string }) => (label === 'top' ? { kind: 'Shelf', label: 'inner' } : null),
    },
    Person: {
      tag: ({ name }: { name: string }) => `#${name}`,
      reviews: ({ id }: Row) => (id === 'p2' ? [{ id: 'r f1' }, null] : []),
    },
    Review: {
      text: ({ id }: Row) => `text ${id}`,
      by: ({ id }: Row) => (id === 'r b1' ? null : person({ kind: 'Person', id: 'p2' })),
      about: ({ id }: Row) => rowOf(id.slice(2)),
    },
  };
  return execute({
    schema,
    document: parse(query),
    variableValues: variables,
    rootValue: {},
    typeResolver: ({ kind }: Row) => kind,
    fieldResolver: (source, args, _, { parentType, fieldName }) => {
      const resolve = resolvers[parentType.name]?.[fieldName];
      return resolve === undefined ? source[fieldName] : resolve(source as never, args as never);
    },
  }) as ExecutionResult;
}
