import { composeServices } from '@apollo/composition';
import { type FieldNode, parse, type ValueNode, valueFromASTUntyped } from 'graphql';
import { describe, expect, test } from 'vitest';
import { loadSupergraph } from '../../../gateway/generation/supergraph.ts';
import { answers, federation2 } from './served.ts';

/** A subgraph that tells, for each of its fields, what the directives on it say. */
const told = (typeDefs: string, fields: readonly string[]) => ({
  typeDefs,
  resolvers: {
    Query: Object.fromEntries(fields.map((field) => [field, tells])),
    Book: { __resolveReference: (key: object) => key, price: tells },
  },
});

type Info = {
  readonly fieldNodes: readonly FieldNode[];
  readonly variableValues: Readonly<Record<string, unknown>>;
};

function tells(_: unknown, _args: unknown, _context: unknown, { fieldNodes, variableValues }: Info): string {
  const valueIn = (value: ValueNode): unknown => valueFromASTUntyped(value, variableValues);
  return fieldNodes
    .flatMap(({ directives = [] }) => directives)
    .map(
      ({ name, arguments: given = [] }) =>
        `${name.value} ${given.map(({ value }) => valueIn(value)).join(' ')}`,
    )
    .join(', ');
}

const linked = `${federation2('@key', '@composeDirective')}
  extend schema @link(url: "https://specs.example/trace/v1.0", import: ["@trace", { name: "@owner", as: "@ownedBy" }])
    @composeDirective(name: "@trace") @composeDirective(name: "@ownedBy")
  directive @ownedBy(team: String) on FIELD_DEFINITION`;

const subgraphs = {
  books: told(
    `${linked} directive @trace(level: Level!) on FIELD | FIELD_DEFINITION directive @every(nth: Int) on FIELD
          enum Level { LOW HIGH }
          type Book @key(fields: "id") { id: ID! }
          type Query { book: Book @ownedBy(team: "T") @trace(level: LOW) shelf: String }`,
    ['shelf'],
  ),
  shop: told(
    `${linked} directive @trace(level: Level! = LOW) on FIELD | FIELD_DEFINITION directive @every(nth: Int) on FIELD
          enum Level { LOW HIGH }
          type Book @key(fields: "id") { id: ID! price: String }
          type Query { till: String }`,
    ['till'],
  ),
};

describe('directives for operations', () => {
  answers(subgraphs, {
    'that composition was told of reach all subgraphs, with the default that one of them has': {
      query: '{ shelf @trace till @trace }',
      data: { shelf: 'trace LOW', till: 'trace LOW' },
    },
    'with what the client gives': {
      query: 'query ($level: Level!) { shelf @trace(level: HIGH) till @trace(level: $level) }',
      variables: { level: 'HIGH' },
      data: { shelf: 'trace HIGH', till: 'trace HIGH' },
    },
    'in fragments, beside conditions': {
      query: 'query ($yes: Boolean = true) { ...F } fragment F on Query { till @include(if: $yes) @trace }',
      data: { till: 'trace LOW' },
    },
    'that all subgraphs define': {
      query: '{ shelf @every(nth: 2) till @every }',
      data: { shelf: 'every 2', till: 'every ' },
    },
  });

  test('are told to clients; others of the same specification are not', () => {
    const services = Object.entries(subgraphs).map(([name, { typeDefs }]) => ({
      name,
      typeDefs: parse(typeDefs),
      url: 'http://127.0.0.1/graphql',
    }));
    const { apiSchema } = loadSupergraph(composeServices(services).supergraphSdl ?? '');
    expect(apiSchema.getDirective('trace')?.locations).toEqual(['FIELD']);
    expect(apiSchema.getDirective('every')?.locations).toEqual(['FIELD']);
    for (const name of ['ownedBy', 'link', 'join__type'])
      expect(apiSchema.getDirective(name), name).toBeUndefined();
  });
});
