import { parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { TributaryError } from '../../../schema/errors.ts';
import { buildGraph, expectAsStock, type Graph, takeFetches } from './graph.ts';

const graph = (): Graph =>
  buildGraph({
    a: {
      typeDefs: `
        type Query { list: [Item] strict: [Item!]! one: Item must: Item! other: Int colour: Colour bad: Int yes: Boolean }
        type Item @key(fields: "id") { id: ID! name: String kind: Colour child: Item }
        enum Colour { RED BLUE SECRET @inaccessible }`,
      resolvers: {
        Query: {
          list: () => ['1', '2', '3'].map(item),
          strict: () => ['1', '2'].map(item),
          one: () => item('1'),
          must: () => item('2'),
          other: () => 7,
          colour: () => 'SECRET',
        },
      },
    },
    b: {
      typeDefs: `
        type Query { second: String }
        type Item @key(fields: "id") { id: ID! stock: Int! note: String }`,
      resolvers: {
        Query: { second: () => 'two' },
        Item: {
          __resolveReference: ({ id }: { id: string }) => (id === '3' ? null : { id }),
          stock: ({ id }: { id: string }) => {
            if (id === '2') throw new Error('no stock');
            return Number(id);
          },
          note: ({ id }: { id: string }) => {
            if (id === '1') throw new Error('no note');
            return `note ${id}`;
          },
        },
      },
    },
  });

const item = (id: string) => ({
  id,
  name: `N${id}`,
  kind: 'RED',
  child: { id: String((Number(id) % 3) + 1) },
});

const errorsOf = (result: { errors?: readonly unknown[] }) =>
  (
    JSON.parse(JSON.stringify(result.errors ?? [])) as {
      message: string;
      path?: unknown[];
      extensions: { code: string };
    }[]
  ).map(({ message, path, extensions }) => `${path?.join('.') ?? '-'} ${extensions.code} ${message}`);

const down = new TributaryError('SUBGRAPH_UNAVAILABLE', 'Subgraph "b" does not answer.');

describe('null propagation', () => {
  test('through joins, to the next place that may be null', async () => {
    const it = graph();
    expect((await expectAsStock(it, '{ list { id stock } other }')).data).toEqual({
      list: [{ id: '1', stock: 1 }, null, null],
      other: 7,
    });
    expect((await expectAsStock(it, '{ strict { stock } }')).data).toBeNull();
    expect((await expectAsStock(it, '{ one { child { id stock } } }')).data).toEqual({
      one: { child: null },
    });
    expect((await expectAsStock(it, '{ must { stock } other }')).data).toBeNull();
  });

  test('errors carry the path of the client, for every place where an entity stands', async () => {
    const it = graph();
    expect(errorsOf(await it.run('{ list { id note child { note } } }'))).toEqual(
      ['list.0.note INTERNAL_SERVER_ERROR no note', 'list.2.child.note INTERNAL_SERVER_ERROR no note'].map(
        (line) => line.replace('INTERNAL_SERVER_ERROR', 'SUBGRAPH_FAILED'),
      ),
    );
  });

  test('one error explains a null, the null adds none of its own', async () => {
    const it = graph();
    expect(errorsOf(await it.run('{ list { stock } }'))).toEqual([
      'list.1.stock SUBGRAPH_FAILED no stock',
      'list.2.stock SUBGRAPH_FAILED Cannot return null for non-nullable field Item.stock.',
    ]);
  });

  test('values that the API schema hides are null', async () => {
    expect(await expectAsStock(graph(), '{ colour other }')).toEqual({ data: { colour: null, other: 7 } });
  });

  test('values that their types cannot hold are null, with an error', async () => {
    const it = graph();
    it.intercept = () => Promise.resolve({ data: { colour: 'GREEN' } });
    expect(errorsOf(await it.run('{ colour }'))).toEqual([
      'colour SUBGRAPH_FAILED A subgraph gave a value for Query.colour that its type does not allow.',
    ]);
    it.intercept = () =>
      Promise.resolve({
        data: { bad: 1.5, yes: 'maybe', list: { id: '1' }, one: 'text', must: { name: 12, child: [] } },
      });
    const result = await it.run('{ bad yes list { id } one { id } must { name child { id } } }');
    expect(result.data).toEqual({
      bad: null,
      yes: null,
      list: null,
      one: null,
      must: { name: '12', child: null },
    });
    expect(result.errors?.map(({ path }) => path?.join('.'))).toEqual([
      'bad',
      'yes',
      'list',
      'one',
      'must.child',
    ]);
  });
});

describe('a subgraph that is down', () => {
  test('its fields fail with the typed error at their paths, the others are answered', async () => {
    const it = graph();
    it.intercept = ({ subgraph }) => (subgraph === 'b' ? Promise.reject(down) : undefined);
    const result = await it.run('{ other second list { id s: note } }');
    expect(result.data).toEqual({
      other: 7,
      second: null,
      list: ['1', '2', '3'].map((id) => ({ id, s: null })),
    });
    expect(errorsOf(result)).toEqual(
      ['second', 'list.0.s', 'list.1.s', 'list.2.s'].map(
        (path) => `${path} SUBGRAPH_UNAVAILABLE Subgraph "b" does not answer.`,
      ),
    );
    expect(result.errors?.[0]?.extensions).toEqual({
      code: 'SUBGRAPH_UNAVAILABLE',
      retryable: true,
      subgraph: 'b',
    });
    it.intercept = null;
    expect((await it.run('{ second }')).data).toEqual({ second: 'two' });
  });

  test('a non-null field of it makes its parent null, with one error', async () => {
    const it = graph();
    it.intercept = ({ subgraph }) => (subgraph === 'b' ? Promise.reject(down) : undefined);
    const result = await it.run('{ one { id stock } other }');
    expect(result.data).toEqual({ one: null, other: 7 });
    expect(errorsOf(result)).toEqual(['one.stock SUBGRAPH_UNAVAILABLE Subgraph "b" does not answer.']);
  });

  test('an unknown error tells the client no more than the name and an id, the log has the rest', async () => {
    const it = graph();
    const cause = new Error('connect ECONNREFUSED 10.0.0.7:4001');
    it.intercept = () => Promise.reject(cause);
    const [line] = errorsOf(await it.run('{ other }'));
    const id = /^other SUBGRAPH_FAILED Subgraph "a" could not be asked; see the log for ([\w-]{36})\.$/.exec(
      line ?? '',
    )?.[1];
    expect(it.logged).toEqual([[{ err: cause, subgraph: 'a', id }, 'a fetch failed in an unexpected way']]);
  });

  test('of many errors only so many are told', async () => {
    const it = graph();
    const ids = Array.from({ length: 5000 }, (_, id) => String(id));
    const list = { data: { list: ids.map((id) => ({ __typename: 'Item', id })) } };
    const failing = {
      data: { _entities: ids.map(() => ({ note: null })) },
      errors: ids.map((_, index) => ({ message: 'no', path: ['_entities', index, 'note'] })) as never,
    };
    it.intercept = ({ subgraph }) => (subgraph === 'b' ? Promise.reject(down) : Promise.resolve(list));
    expect((await it.run('{ list { note } }')).errors).toHaveLength(100);
    it.intercept = ({ subgraph }) => Promise.resolve(subgraph === 'b' ? failing : list);
    expect((await it.run('{ list { note } }')).errors).toHaveLength(100);
  });
});

describe('answers that break the protocol', () => {
  const entities = async (answer: unknown): Promise<string[]> => {
    const it = graph();
    it.intercept = ({ subgraph }) => (subgraph === 'b' ? Promise.resolve(answer as never) : undefined);
    const result = await it.run('{ one { id note } }');
    expect(result.data).toEqual({ one: { id: '1', note: null } });
    return errorsOf(result);
  };

  test('no data, too few entities, no entities, no GraphQL', async () => {
    expect(await entities({ data: null })).toEqual([
      'one.note SUBGRAPH_FAILED Subgraph "b" answered with no entities for 1 representations.',
    ]);
    expect(await entities({ data: { _entities: [] } })).toEqual([
      'one.note SUBGRAPH_FAILED Subgraph "b" answered with 0 entities for 1 representations.',
    ]);
    expect(await entities('<html>')).toEqual([
      'one.note SUBGRAPH_FAILED Subgraph "b" gave no GraphQL answer.',
    ]);
    expect(await entities({ data: { _entities: [null] } })).toEqual([]);
    expect(await entities({ data: { _entities: [7] } })).toEqual([]);
  });

  test('errors with and without paths, with and without data', async () => {
    const error = {
      message: 'broken',
      extensions: { code: 'BAD', stacktrace: ['at x'], http: { status: 418 } },
    };
    expect(await entities({ errors: [error] })).toEqual(['one.note BAD broken']);
    expect(await entities({ data: null, errors: [{ ...error, path: ['_entities', 0] }] })).toEqual([
      'one.note BAD broken',
    ]);
    expect(
      await entities({ data: { _entities: [null] }, errors: [{ ...error, path: ['_entities', 0, 'note'] }] }),
    ).toEqual(['one.note BAD broken']);
    expect(await entities({ data: { _entities: [{ note: null }] }, errors: [error] })).toEqual([
      '- BAD broken',
    ]);
    expect(await entities({ errors: [{}] })).toEqual([
      'one.note SUBGRAPH_FAILED Subgraph "b" answered with an error.',
    ]);
  });
});

describe('refused requests', () => {
  test('variables that do not fit: every mistake, no fetch', async () => {
    const it = buildGraph({
      a: { typeDefs: 'type Query { f(n: Int!, m: [Int!]): Int }', resolvers: { Query: { f: () => 1 } } },
    });
    const result = await it.run('query($n: Int!, $m: [Int!]) { f(n: $n, m: $m) }', {
      variables: { m: ['x'] },
    });
    expect(result.data).toBeUndefined();
    expect(errorsOf(result)).toEqual([
      '- BAD_USER_INPUT Variable "$n" of required type "Int!" was not provided.',
      '- BAD_USER_INPUT Variable "$m" got invalid value "x" at "m[0]"; Int cannot represent non-integer value: "x"',
    ]);
    expect(takeFetches(it)).toEqual([]);
  });

  test('an operation that the document does not have', async () => {
    const it = graph();
    const query = 'query A { other } query B { second }';
    expect((await it.run(query, { operationName: 'B' })).data).toEqual({ second: 'two' });
    expect(errorsOf(await it.run(query, { operationName: 'C' }))).toEqual([
      '- BAD_REQUEST The document has no operation "C".',
    ]);
    expect(errorsOf(await it.run(query))).toEqual([
      '- BAD_REQUEST The document has several operations: name one in operationName.',
    ]);
  });

  test('an operation that its fragments make too large to plan', async () => {
    const levels = Array.from(
      { length: 26 },
      (_, level) =>
        `fragment f${level} on Item { a: child { ...f${level + 1} } b: child { ...f${level + 1} } }`,
    );
    const query = `{ one { ...f0 } } ${levels.join(' ')} fragment f26 on Item { id }`;
    expect(
      errorsOf(
        await graph().generation.execute({ document: parse(query), operationName: null, variables: {} }),
      ),
    ).toEqual(['- BAD_REQUEST The operation is too large to be planned: select less, or repeat less.']);
  });

  test('a request that is aborted rejects with the reason', async () => {
    const it = graph();
    const controller = new AbortController();
    it.intercept = () => {
      controller.abort(new Error('gone'));
      return undefined;
    };
    await expect(it.run('{ list { note } }', { signal: controller.signal })).rejects.toThrow('gone');
    expect(takeFetches(it)).toHaveLength(1);
  });
});
