import { Supergraph } from '@apollo/federation-internals';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse, printType } from 'graphql';
import { describe, expect, test } from 'vitest';
import { completeSdl, compose, describeSubgraph } from '../../schema/index.ts';
import { airports, flights } from './sdl.ts';

const complete = (...texts: readonly string[]): string =>
  completeSdl(texts.map((text, index) => ({ file: `${index}.graphql`, text }))).sdl;

const linksOf = (sdl: string): readonly string[] => sdl.match(/@link\([^)]*\)/g) ?? [];

describe('Completion of SDL', () => {
  test('adds both links, with what is used', () => {
    expect(linksOf(complete(airports))).toEqual([
      '@link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])',
      '@link(url: "https://tributary.dev/kafka/v1.0", import: ["@topic", "@view"])',
    ]);
  });

  test('joins the links of several files, keeps other links and imports under other names', () => {
    const sdl = complete(
      'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])\ntype Query { a: Int @shareable }',
      `extend schema
        @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", { name: "@tag", as: "@mark" }])
        @link(url: "https://example.com/other/v1.0")
      type T @key(fields: "id") { id: ID @mark(name: "x") from: Cursor }`,
    );
    expect(linksOf(sdl)).toEqual([
      '@link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", {name: "@tag", as: "@mark"}, "@shareable"])',
      '@link(url: "https://tributary.dev/kafka/v1.0", import: ["Cursor"])',
      '@link(url: "https://example.com/other/v1.0")',
    ]);
  });

  test('defines the words that are used or imported, and no others', () => {
    const sdl = complete(
      'extend schema @link(url: "https://tributary.dev/kafka/v1.0", import: ["ChangeKind", "@index"])\ntype Query { at: DateTime }',
    );
    expect(sdl.match(/^(directive @?\w+|\w+ \w+)/gm)).toEqual([
      'extend schema',
      'type Query',
      'directive @index',
      'scalar DateTime',
      'enum ChangeKind',
    ]);
  });

  test('defines connections, edges and PageInfo where a field returns them', () => {
    const schema = buildSubgraphSchema(completeSdl([{ file: 'flights.graphql', text: flights }]).document);
    const shown = ['FlightConnection', 'FlightEdge', 'PageInfo'].map((name) => {
      const type = schema.getType(name);
      return type === undefined ? name : printType(type);
    });
    expect(shown).toEqual([
      'type FlightConnection {\n  nodes: [Flight!]!\n  edges: [FlightEdge!]!\n  pageInfo: PageInfo!\n}',
      'type FlightEdge {\n  cursor: String!\n  node: Flight!\n}',
      '"""Where a page ends."""\ntype PageInfo {\n  hasNextPage: Boolean!\n  endCursor: String\n}',
    ]);
  });

  test('leaves what the SDL defines itself, so that completing twice changes nothing', () => {
    const own = `${airports}
      scalar DateTime
      type AirportConnection { nodes: [Airport!]! total: Int }
      extend type Query { all: AirportConnection at: DateTime }`;
    for (const text of [flights, airports, own]) expect(complete(complete(text))).toBe(complete(text));
    expect(complete(own)).not.toContain('AirportEdge');
  });

  test('is taken by buildSubgraphSchema, composition and Supergraph.build', () => {
    const sdl = complete(flights);
    expect(Object.keys(buildSubgraphSchema(parse(sdl)).getSubscriptionType()?.getFields() ?? {})).toEqual([
      'flightChanges',
      'flightEvents',
    ]);
    const { supergraphSdl, hints } = compose([
      { name: 'flights', url: 'http://127.0.0.1:4001', sdl },
      { name: 'airports', url: 'http://127.0.0.1:4002', sdl: complete(airports) },
    ]);
    expect(hints).toEqual([]);
    const api = Supergraph.build(supergraphSdl).apiSchema();
    const names = api.types().map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['Cursor', 'DateTime', 'ChangeKind', 'PageInfo']));
    expect(names.filter((name) => name.startsWith('kafka__'))).toEqual([]);
  });

  test('lets two subgraphs return connections of one entity', () => {
    const gates = `
      type Gate @key(fields: "id") @topic(name: "gates", key: "id", cleanup: COMPACT) { id: ID! }
      type Query { gates: GateConnection! @view }`;
    const benches = `
      type Gate @key(fields: "id", resolvable: false) { id: ID! }
      type Query { shadedGates: GateConnection! }`;
    expect(() =>
      compose([
        { name: 'gates', url: 'http://127.0.0.1:4001', sdl: complete(gates) },
        { name: 'benches', url: 'http://127.0.0.1:4002', sdl: complete(benches) },
      ]),
    ).not.toThrow();
  });

  test('a subgraph of one file of seven lines needs nothing else', () => {
    const text = `type Reading @key(fields: "sensor") @topic(name: "readings", key: "sensor", cleanup: COMPACT) {
  sensor: ID!
  celsius: Float
  at: DateTime @record(part: TIMESTAMP)
}
type Query { readings(after: String): ReadingConnection! @view }
type Subscription { readingChanges(sensor: ID, from: Cursor): Reading! @consume }`;
    const { description, document } = describeSubgraph([{ file: 'readings.graphql', text }]);
    expect(() => buildSubgraphSchema(document)).not.toThrow();
    expect(description.streams.map(({ field }) => field)).toEqual(['readingChanges']);
  });
});
