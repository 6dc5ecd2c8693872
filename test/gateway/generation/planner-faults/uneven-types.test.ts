import { describe, expect, test } from 'vitest';
import { buildGraph, takeFetches } from '../../execution/graph.ts';

describe('types that only some subgraphs have in a union or behind an interface', () => {
  const one = (__typename: string, fields: object = {}) => ({ __typename, ...fields });
  const shapes = (kinds: readonly string[]) =>
    kinds.map((kind) => one(kind, { id: kind, side: 2, name: `a ${kind}`, next: one(kind, { id: kind }) }));
  const drawing = () =>
    buildGraph({
      a: {
        typeDefs: `
          type Query { drawn: Page }
          type Page @key(fields: "id") { id: ID! layer: Layer @shareable }
          type Layer @shareable { shapes(first: Int): [Shape!] @shareable marks: [Mark] @shareable }
          union Shape = Dot | Square
          interface Mark { id: ID! }
          type Dot implements Mark @key(fields: "id") { id: ID! name(upper: Boolean): String @shareable }
          type Square implements Mark @key(fields: "id") { id: ID! side(scale: Int = 1): Int next: Shape }`,
        resolvers: {
          Query: { drawn: () => ({ id: 'p' }) },
          Page: { layer: () => ({ shapes: shapes(['Dot', 'Square']), marks: shapes(['Square', 'Dot']) }) },
          Square: {
            side: ({ side }: { side: number }, { scale }: { scale: number }) => side * scale,
          },
        },
      },
      b: {
        typeDefs: `
          type Query { copied: Page }
          type Page @key(fields: "id") { id: ID! layer: Layer @shareable old: Layer }
          type Layer @shareable { shapes(first: Int): [Shape!] @shareable marks: [Mark] @shareable }
          union Shape = Dot | Line
          interface Mark { id: ID! }
          type Dot implements Mark @key(fields: "id") { id: ID! name(upper: Boolean): String @shareable }
          type Line implements Mark @key(fields: "id") { id: ID! name: Int }`,
        resolvers: {
          Query: { copied: () => ({ id: 'p' }) },
          Page: {
            layer: () => ({ shapes: [] }),
            old: () => ({ shapes: [one('Dot', { id: 'd', name: 'D' }), one('Line', { id: 'l', name: 7 })] }),
          },
        },
      },
      c: {
        typeDefs: 'type Square @key(fields: "id") { id: ID! colour: String }',
        resolvers: { Square: { colour: () => 'red' } },
      },
    });

  test('their fields come from the subgraph that was asked for the object', async () => {
    const graph = drawing();
    const query = `query($n: Int) { drawn { layer { all: shapes(first: 3) {
      ... on Dot { name } ...Square ... on Line { length: name }
    } } } }
    fragment Square on Square { wide: side(scale: $n) next { __typename ... on Square { id } } }`;
    const { data, errors } = await graph.run(query, { variables: { n: 10 } });
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      drawn: {
        layer: { all: [{ name: 'a Dot' }, { wide: 20, next: { __typename: 'Square', id: 'Square' } }] },
      },
    });
    expect(takeFetches(graph).map(({ subgraph }) => subgraph)).toEqual(['a']);
    expect((await graph.oracle(query, { n: 10 })).data, 'stock errs').not.toEqual(data);
  });

  test('behind an interface as well', async () => {
    const { data } = await drawing().run('{ drawn { layer { marks { id ... on Square { side } } } } }');
    expect(data).toEqual({ drawn: { layer: { marks: [{ id: 'Square', side: 2 }, { id: 'Dot' }] } } });
  });

  test('and after a join', async () => {
    const { data, errors } = await drawing().run(
      '{ drawn { old { shapes { ... on Dot { id } ... on Line { id } } } } }',
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({ drawn: { old: { shapes: [{ id: 'd' }, { id: 'l' }] } } });
  });

  test('fields of one key that may not stand together are not put together', async () => {
    const { data, errors } = await drawing().run(
      '{ copied { old { shapes { ... on Dot { id } ... on Line { name } } } } }',
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({ copied: { old: { shapes: [{ id: 'd' }, { name: 7 }] } } });
  });
});
