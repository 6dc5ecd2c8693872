import { describe, expect, test } from 'vitest';
import { type ComposableSubgraph, compose, formatMistakes, SchemaInvalidError } from '../../schema/index.ts';
import { airports, flights } from './sdl.ts';

const url = 'http://127.0.0.1:4001';
const federation = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])';

const failureOf = (...subgraphs: readonly ComposableSubgraph[]): string => {
  try {
    compose(subgraphs);
  } catch (error) {
    if (!(error instanceof SchemaInvalidError)) throw error;
    return formatMistakes(error.mistakes, error.sources);
  }
  return 'no mistakes';
};

const served = (name: string, ...lines: readonly string[]): ComposableSubgraph => ({
  name,
  url,
  sdl: [federation, ...lines].join('\n'),
});

describe('Composition', () => {
  test('composes files to a supergraph', () => {
    const { supergraphSdl } = compose([
      { name: 'flights', url, sources: [{ file: 'flights.graphql', text: flights }] },
      { name: 'airports', url, sources: [{ file: 'airports.graphql', text: airports }] },
    ]);
    expect(supergraphSdl).toContain('AIRPORTS @join__graph(name: "airports", url: "http://127.0.0.1:4001")');
  });

  test('a disagreement is shown in the line of one, and names the place of the other', () => {
    const found = failureOf(
      {
        name: 'a',
        url,
        sources: [{ file: 'a.graphql', text: 'type Query {\n\ta: T\n}\ntype T {\n\tx: Int\n}' }],
      },
      served('b', 'type T { x: String }'),
    );
    expect(found.split('\n\n')[0]).toBe(
      [
        'a.graphql:5:2',
        '  Type of field "T.x" is incompatible across subgraphs: it has type "Int" in subgraph "a" but type "String" in subgraph "b". See also subgraph b:2:10.',
        '  5 | \tx: Int',
        '    | \t^',
        '  Give the field the same type in each subgraph.',
      ].join('\n'),
    );
  });

  test('a field that cannot be reached is shown where it is defined', () => {
    const found = failureOf(
      served('a', 'type Query { t: T }', 'type T @key(fields: "id") { id: ID! }'),
      served('b', 'type T @key(fields: "code") { code: ID! y: Int }'),
    );
    expect(found).toContain(
      [
        'subgraph b:2:41',
        '  The following supergraph API query:',
        '  {',
        '    t {',
        '      y',
        '    }',
        '  }',
        '  cannot be satisfied by the subgraphs because:',
      ].join('\n'),
    );
    expect(found).toContain(
      'Add a @key that both subgraphs have, so that the gateway can go from one to the other.',
    );
  });

  test('syntax errors and double names of all subgraphs at once', () => {
    expect(
      failureOf(
        served('a', 'type {'),
        served('b', 'type Query { a: Int }'),
        served('b', 'type T { a: Int }'),
      ),
    ).toBe(
      [
        'subgraph a:2:6',
        '  Syntax Error: Expected Name, found "{".',
        '  2 | type {',
        '    |      ^',
        '  Correct the syntax at this place.',
        '',
        'subgraph b:1:1',
        '  Two subgraphs have the name b.',
        '  1 | extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])',
        '    | ^',
        '  Give each a name of its own.',
      ].join('\n'),
    );
  });

  test('a mistake in one subgraph is shown in its line', () => {
    expect(failureOf(served('a', 'type Query { a: T }'))).toBe(
      [
        'subgraph a:2:17',
        '  Unknown type T.',
        '  2 | type Query { a: T }',
        '    |                 ^',
        '  Correct the SDL at this place.',
      ].join('\n'),
    );
  });

  test('no subgraphs, and subgraphs without queries', () => {
    expect(failureOf()).toBe(
      'supergraph:1:1\n  There is no subgraph to compose.\n  Name at least one in the configuration.',
    );
    expect(failureOf(served('a', 'type T { a: Int }'))).toContain(
      'No queries found in any subgraph: a supergraph must have a query root type.',
    );
  });

  test('hints tell what composes and yet deserves a look', () => {
    const { hints } = compose([
      served('a', 'type Query { t: T }', '"One" type T @key(fields: "id") { id: ID! }'),
      served('b', '"Two" type T @key(fields: "id") { id: ID! }'),
    ]);
    expect(hints.map(({ code, level }) => [code, level])).toEqual([['INCONSISTENT_DESCRIPTION', 'WARN']]);
  });

  test('a subgraph that knows nothing of Kafka, or of federation 2, may join', () => {
    const plain = { name: 'plain', url, sdl: 'type Query { hello: String }' };
    expect(compose([served('a', 'type Query { b: Int }'), plain]).supergraphSdl).toContain('hello: String');
  });
});
