import { describe, expect, test } from 'vitest';
import { buildGraph, expectAsStock, takeFetches } from './graph.ts';
import { shop } from './shop.ts';

describe('joins', () => {
  test('over two, three and four subgraphs', async () => {
    const graph = shop();
    await expectAsStock(graph, '{ users { name reviews { stars } } }');
    await expectAsStock(graph, '{ users { name reviews { stars product { title } } } }');
    const { data } = await expectAsStock(
      graph,
      '{ top { title shipping inStock reviews { stars author { name best { name } } } } }',
    );
    expect(data).toMatchObject({ top: [{ shipping: 12, inStock: true }, { inStock: false }, null, {}] });
  });

  test('equal entities are asked for once, and merged everywhere', async () => {
    const graph = shop();
    const { data } = await graph.run('{ top { reviews { author { name } } } }');
    expect(data).toEqual({
      top: [
        { reviews: [{ author: { name: 'Ada' } }, { author: { name: 'Ben' } }] },
        { reviews: [{ author: { name: 'Ada' } }] },
        null,
        { reviews: [] },
      ],
    });
    const [, , authors] = takeFetches(graph);
    expect(authors?.subgraph).toBe('accounts');
    expect(authors?.request.variables.representations).toEqual([
      { __typename: 'User', id: '1' },
      { __typename: 'User', id: '2' },
    ]);
  });

  test('lists of lists with nulls', async () => {
    await expectAsStock(shop(), '{ grid { name reviews { id product { price } } } }');
  });

  test('variables reach nested fields, and only the fetches that use them', async () => {
    const graph = shop();
    const query = 'query($id: ID!, $first: Int) { user(id: $id) { name reviews(first: $first) { id } } }';
    await expectAsStock(graph, query, { id: '1', first: 1 });
    await expectAsStock(graph, query, { id: '1' });
    const [first, second] = takeFetches(graph);
    expect(first?.request.variables).toEqual({ id: '1' });
    expect(second?.request.variables).toMatchObject({ first: 1 });
  });

  test('aliases, the same field twice, and names that objects inherit', async () => {
    const graph = shop();
    await expectAsStock(
      graph,
      '{ a: users { id: name name: id } b: users { two: reviews(first: 2) { id } one: reviews(first: 1) { s: stars } } }',
    );
    const { data, errors } = await graph.run(
      '{ users { toString: name constructor: reviews { id } __proto__: id } }',
    );
    expect(errors).toBeUndefined();
    expect(JSON.stringify(data?.users)).toContain(
      '{"toString":"Ada","constructor":[{"id":"r1"},{"id":"r3"}],"__proto__":"1"}',
    );
  });

  test('fragments, nested and repeated', async () => {
    await expectAsStock(
      shop(),
      `query { users { ...named ...reviewed } }
       fragment named on User { name best { ...reviewed } }
       fragment reviewed on User { reviews { stars ...titled } name }
       fragment titled on Review { product { title upc } }`,
    );
  });

  test('keys come in the order of the operation, fragments in their place', async () => {
    const { data } = await shop().run(
      '{ user(id: "1") { ...f name best { name } } u: users { id } user(id: "1") { id best { id } } } fragment f on User { reviews { stars id } name }',
    );
    expect(JSON.stringify(data)).toMatch(
      /^{"user":{"reviews":\[{"stars":5,"id":"r1"}.*\],"name":"Ada","best":{"name":"Ben","id":"2"},"id":"1"},"u":/,
    );
  });

  test('@skip and @include by variables, on fields and fragments', async () => {
    const graph = shop();
    const query = `query($a: Boolean!, $b: Boolean = true) {
      users @include(if: $b) { id name @skip(if: $a) reviews @include(if: $a) { id } ... @skip(if: $b) { best { id } } }
      top @skip(if: $a) { inStock @include(if: $b) upc }
    }`;
    for (const variables of [{ a: true }, { a: false }, { a: true, b: false }, { a: false, b: false }]) {
      await expectAsStock(graph, query, variables);
    }
  });

  test('an entity that its subgraph does not know is null in what it would have given', async () => {
    const graph = buildGraph({
      a: {
        typeDefs: 'type Query { it: It } type It @key(fields: "id") { id: ID! a: Int }',
        resolvers: { Query: { it: () => ({ id: '1', a: 1 }) } },
      },
      b: {
        typeDefs: 'type It @key(fields: "id") { id: ID! b: Int }',
        resolvers: { It: { __resolveReference: () => null } },
      },
    });
    const { data } = await expectAsStock(graph, '{ it { a b } }');
    expect(data).toEqual({ it: { a: 1, b: null } });
  });

  test('__typename, of the root and below, and introspection', async () => {
    const graph = shop();
    await expectAsStock(graph, '{ __typename t: __typename users { __typename reviews { k: __typename } } }');
    await expectAsStock(
      graph,
      'query($n: String!) { __schema { queryType { name } } t: __type(name: $n) { ...f } users { id } } fragment f on __Type { name kind }',
      { n: 'User' },
    );
  });
});
