import { describe, expect, test } from 'vitest';
import { describeSubgraph, parseDuration } from '../../schema/index.ts';
import { airports, flights, mistakesOf } from './sdl.ts';

const described = (text: string, resolved?: readonly string[]) =>
  describeSubgraph([{ file: 'test.graphql', text }], resolved === undefined ? {} : { resolved }).description;

describe('Description of a subgraph', () => {
  const { topics, views, streams, producers, changes } = described(flights);

  test('topics: name, key, cleanup, partitions, indexes, entity keys', () => {
    expect(topics.map(({ fields, ...topic }) => topic)).toEqual([
      {
        type: 'Flight',
        name: 'flights.flights',
        key: ['id'],
        cleanup: 'COMPACT',
        partitions: 6,
        onInvalid: 'DEAD_LETTER',
        indexes: ['status', 'origin'],
        entityKeys: [['id']],
      },
      {
        type: 'FlightEvent',
        name: 'flights.events',
        key: ['flight'],
        cleanup: 'DELETE',
        partitions: null,
        onInvalid: 'DEAD_LETTER',
        indexes: [],
        entityKeys: [],
      },
    ]);
  });

  test('record fields: where each is in the record, and its type', () => {
    expect(topics[0]?.fields).toEqual([
      field('id', scalar('ID', true)),
      field('status', {
        kind: 'enum',
        name: 'FlightStatus',
        values: ['SCHEDULED', 'DEPARTED'],
        nonNull: true,
      }),
      field('scheduledDeparture', scalar('DateTime', true)),
      {
        name: 'origin',
        source: { kind: 'value', path: ['route', 'origin'] },
        type: { kind: 'reference', name: 'Airport', key: ['faa'], nonNull: true },
      },
      { name: 'updatedAt', source: { kind: 'timestamp' }, type: scalar('DateTime', true) },
    ]);
    const leg = {
      kind: 'object',
      name: 'Leg',
      fields: [
        field('from', { kind: 'reference', name: 'Airport', key: ['faa'], nonNull: false }),
        field('minutes', scalar('Int', false)),
      ],
      nonNull: true,
    };
    expect(topics[1]?.fields.slice(1)).toEqual([
      field('flight', { kind: 'reference', name: 'Flight', key: ['id'], nonNull: false }),
      { name: 'source', source: { kind: 'header', header: 'source' }, type: scalar('String', false) },
      field('legs', { kind: 'list', item: leg, nonNull: false }),
    ]);
  });

  test('views: one row by its key, a connection by filters, the rows of a parent in order', () => {
    expect(views).toEqual([
      {
        parent: 'Query',
        field: 'flight',
        type: 'Flight',
        shape: 'ONE',
        filters: [{ argument: 'id', field: 'id', operator: 'EQUAL' }],
        on: [],
        orderBy: [],
        defaultFirst: 1,
        maximumFirst: 1,
      },
      {
        parent: 'Query',
        field: 'flights',
        type: 'Flight',
        shape: 'CONNECTION',
        filters: [
          { argument: 'origin', field: 'origin', operator: 'EQUAL' },
          { argument: 'status', field: 'status', operator: 'EQUAL' },
        ],
        on: [],
        orderBy: [],
        defaultFirst: 20,
        maximumFirst: 500,
      },
      {
        parent: 'Airport',
        field: 'departures',
        type: 'Flight',
        shape: 'CONNECTION',
        filters: [{ argument: 'scheduledDepartureFrom', field: 'scheduledDeparture', operator: 'FROM' }],
        on: [{ field: 'origin', parentField: 'faa' }],
        orderBy: [{ field: 'scheduledDeparture', descending: true }],
        defaultFirst: 50,
        maximumFirst: 500,
      },
    ]);
  });

  test('changes and streams', () => {
    const change = {
      type: 'FlightChange',
      of: 'Flight',
      kindField: 'kind',
      keyField: 'key',
      valueField: 'flight',
    };
    expect(changes).toEqual([change]);
    expect(streams).toEqual([
      {
        field: 'flightChanges',
        payload: 'FlightChange',
        type: 'Flight',
        change,
        filters: [{ argument: 'origin', field: 'origin', operator: 'EQUAL' }],
        fromArgument: 'from',
        snapshot: true,
        replayMs: null,
      },
      {
        field: 'flightEvents',
        payload: 'FlightEvent',
        type: 'FlightEvent',
        change: null,
        filters: [
          { argument: 'flight', field: 'flight', operator: 'EQUAL' },
          { argument: 'kinds', field: 'kind', operator: 'IN' },
        ],
        fromArgument: 'from',
        snapshot: false,
        replayMs: 7 * 86_400_000,
      },
    ]);
  });

  test('mutations: arguments that fill a record, or none where a resolver makes it', () => {
    expect(producers).toEqual([
      { field: 'delayFlight', type: 'Flight', arguments: [] },
      {
        field: 'report',
        type: 'FlightEvent',
        arguments: [
          { argument: 'flight', field: 'flight' },
          { argument: 'kind', field: 'kind' },
        ],
      },
    ]);
    expect(described(flights, ['Mutation.delayFlight', 'Mutation.report']).producers[1]?.arguments).toEqual(
      [],
    );
  });

  test('what a resolver gives is no record field', () => {
    const [topic] = described(airports, ['Airport.name']).topics;
    expect(topic?.fields.map(({ name }) => name)).toEqual(['faa']);
  });

  test('extensions in other files, root types of other names, a key of two fields', () => {
    const { description } = describeSubgraph([
      {
        file: 'a.graphql',
        text: 'schema { query: Ask }\ntype Seat @key(fields: "row letter") @topic(name: "seats", key: ["row", "letter"], cleanup: COMPACT) { row: Int! }',
      },
      {
        file: 'b.graphql',
        text: 'extend type Seat { letter: String! }\ntype Ask { seat(row: Int!, letter: String!): Seat @view }\ntype Row @key(fields: "row letter") { row: Int! letter: String! seat: Seat @view(on: ["row", "letter"]) }',
      },
    ]);
    expect(description.topics[0]?.key).toEqual(['row', 'letter']);
    expect(description.views.map(({ shape, on }) => [shape, on.length])).toEqual([
      ['ONE', 0],
      ['ONE', 2],
    ]);
  });

  test('a view on an entity finds the one field that refers to it', () => {
    const { views: found } = described(`
      type Weather @topic(name: "weather", key: "airport", cleanup: COMPACT) { airport: Airport! celsius: Float }
      type Airport @key(fields: "faa") { faa: ID! weather: Weather @view }`);
    expect(found[0]?.on).toEqual([{ field: 'airport', parentField: 'faa' }]);
  });

  test('mistakes of all files come at once, in the order of the files', () => {
    const text = 'type T @topic(name: "t", key: "idd") { id: ID! }\ntype Query { a: Foo }';
    expect(mistakesOf(text)).toHaveLength(2);
    expect(() =>
      describeSubgraph([
        { file: 'a.graphql', text: 'type Query { a: Foo }' },
        { file: 'b.graphql', text: 'type T @topic(name: "t", key: "idd") { id: ID! }' },
      ]),
    ).toThrow(
      'The SDL has 2 mistakes:\n' +
        'a.graphql:1:17 Unknown type "Foo". Define the type, or correct its name.\n' +
        'b.graphql:1:8 The key names "idd", which is no record field of T. Did you mean "id"?',
    );
  });
});

test.each([
  ['500ms', 500],
  ['90s', 90_000],
  ['30m', 1_800_000],
  ['24h', 86_400_000],
  ['7d', 604_800_000],
  ['0s', null],
  ['7 d', null],
  ['1w', null],
  ['', null],
])('the duration %j is %j milliseconds', (text, expected) => {
  expect(parseDuration(text)).toBe(expected);
});

const field = (name: string, type: object) => ({ name, source: { kind: 'value', path: [name] }, type });
const scalar = (name: string, nonNull: boolean) => ({ kind: 'scalar', name, nonNull });
