import { createHash } from 'node:crypto';
import { buildSchema, getOperationAST, parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { type OperationSignature, signatureOf } from '../../../gateway/usage/signature.ts';

const schema = buildSchema(`
  interface Node { id: ID! }
  input Filter { text: String, codes: [Int!] }
  enum Status { UP DOWN }
  type Plane implements Node { id: ID! model: String seats: Int }
  type Flight implements Node { id: ID! plane: Plane }
  union Found = Plane | Flight
  type Query {
    node(id: ID!): Node
    flights(filter: Filter, status: Status, first: Int = 10): [Flight!]!
    found(text: String): [Found!]!
  }
  type Subscription { changed(id: ID): Flight }
`);

const signed = (text: string, name?: string): OperationSignature => {
  const document = parse(text);
  expect(validate(schema, document)).toEqual([]);
  const operation = getOperationAST(document, name);
  if (operation === null || operation === undefined) throw new Error('no operation');
  return signatureOf(schema, document, operation);
};

describe('the hash', () => {
  const hash = (text: string): string => signed(text).hash;

  test('is the SHA-256 of the printed operation with null for its literals', () => {
    const printed = 'query Q($n: Int = null) {\n  flights(first: $n, status: null) {\n    id\n  }\n}';
    expect(hash('query Q($n: Int = 3) { flights(first: $n, status: UP) { id } }')).toBe(
      createHash('sha256').update(printed).digest('hex'),
    );
  });

  test('is the same for other white space, comments, literals, and fragments that are not used or in another order', () => {
    const text = 'query Q { flights(filter: {text: "secret", codes: [1]}, first: 3) { ...A ...B } }';
    const a = 'fragment A on Flight { id }';
    const b = 'fragment B on Flight { plane { model } }';
    const other = text.replace('"secret"', '"""other"""').replace('[1]', '[]').replace('3', '77');
    expect(hash(`${text} ${a} ${b}`)).toBe(hash(`# note\n${b}\n${other.replaceAll(' ', '\n  ')} ${a}`));
    const unused = 'query R { ...U } fragment U on Query { flights { id } }';
    expect(signed(`${text} ${a} ${b} ${unused}`, 'Q').hash).toBe(hash(`${text} ${a} ${b}`));
  });

  test('is another one for another name, alias, field or variable', () => {
    const hashes = [
      'query Q { flights(first: 1) { id } }',
      'query R { flights(first: 1) { id } }',
      'query Q { all: flights(first: 1) { id } }',
      'query Q { flights(first: 1) { id plane { id } } }',
      'query Q($n: Int) { flights(first: $n) { id } }',
    ].map(hash);
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

describe('the fields', () => {
  test('are those of all selections, by the type they stand on, without introspection', () => {
    const { fields, kind, name } = signed(
      `query Q { __schema { queryType { name } } node(id: 1) { __typename id ... on Plane { model } }
        renamed: flights { ...F } found { ... on Flight { id } } }
      fragment F on Flight { plane { seats } }`,
    );
    expect(fields).toEqual([
      'Flight.id',
      'Flight.plane',
      'Node.id',
      'Plane.model',
      'Plane.seats',
      'Query.flights',
      'Query.found',
      'Query.node',
    ]);
    expect([kind, name]).toEqual(['query', 'Q']);
  });

  test('are those of the operation that was chosen, computed once for a document', () => {
    const document = parse('query A { node(id: 1) { id } } subscription { changed { id } }');
    const [first, second] = document.definitions;
    if (first?.kind !== 'OperationDefinition' || second?.kind !== 'OperationDefinition') throw new Error();
    expect(signatureOf(schema, document, first).fields).toEqual(['Node.id', 'Query.node']);
    expect(signatureOf(schema, document, second)).toMatchObject({
      kind: 'subscription',
      name: null,
      fields: ['Flight.id', 'Subscription.changed'],
    });
    expect(signatureOf(schema, document, first)).toBe(signatureOf(schema, document, first));
  });

  test('a name without end is cut', () => {
    expect(signed(`query ${'a'.repeat(1_000)} { flights { id } }`).name).toBe('a'.repeat(200));
  });
});
