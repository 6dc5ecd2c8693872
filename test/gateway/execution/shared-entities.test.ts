import type { ExecutionResult } from 'graphql';
import { describe, expect, test } from 'vitest';
import type { Fetcher, SubgraphRequest } from '../../../gateway/execution/fetcher.ts';
import { neverAborted } from '../../../gateway/execution/in-flight.ts';
import { shareEntities } from '../../../gateway/execution/shared-entities.ts';

const items = { name: 'items', url: 'http://items.test/graphql' };

const entityOf = (representation: unknown): unknown => {
  const { id } = representation as { id: string };
  return id === 'gone' ? null : { name: `item ${id}`, tags: [{ of: id }] };
};

/** A fetcher with entities of its own, behind which a test sees every request. */
class Bench {
  readonly requests: SubgraphRequest[] = [];
  readonly signals: AbortSignal[] = [];
  answer: (ids: readonly string[]) => unknown | Promise<unknown> = () => undefined;
  readonly #fetcher: Fetcher;

  constructor(maximum = 500) {
    const fetch: Fetcher['fetch'] = async (_, request, signal) => {
      this.requests.push(request);
      this.signals.push(signal);
      const representations = (request.variables.representations ?? []) as { id: string }[];
      const answer = await this.answer(representations.map(({ id }) => id));
      return (answer ?? { data: { _entities: representations.map(entityOf) } }) as ExecutionResult;
    };
    this.#fetcher = shareEntities({ fetch }, maximum);
  }

  /** The ids of each request. */
  get asked(): string[][] {
    return this.requests.map(({ variables }) =>
      (variables.representations as { id: string }[]).map(({ id }) => id),
    );
  }

  ask(
    ids: readonly string[],
    request: Partial<SubgraphRequest> = {},
    signal = neverAborted,
  ): Promise<ExecutionResult> {
    const variables = {
      ...request.variables,
      representations: ids.map((id) => ({ __typename: 'Item', id })),
    };
    return this.#fetcher.fetch(items, { query: 'q', shared: true, ...request, variables }, signal);
  }
}

const behind = (topic: string, ...pairs: [number, number][]): Partial<SubgraphRequest> => ({
  extensions: { tributary: { after: { [topic]: pairs } } },
});

describe('S17 entities that several runs ask for in one turn', () => {
  test('are asked once, equal ones too, and each run gets its own', async () => {
    const bench = new Bench();
    const [first, second] = await Promise.all([bench.ask(['a', 'b']), bench.ask(['c', 'b', 'gone', 'b'])]);
    expect(bench.asked).toEqual([['a', 'b', 'c', 'gone']]);
    const entities = (...ids: string[]): unknown => ids.map((id) => entityOf({ id }));
    expect(first).toEqual({ data: { _entities: entities('a', 'b') } });
    expect(second).toEqual({ data: { _entities: entities('c', 'b', 'gone', 'b') } });
    const tagsOf = ({ data }: ExecutionResult, index: number): unknown =>
      (data!._entities as { tags: unknown[] }[])[index]!.tags[0];
    expect(tagsOf(first, 1)).not.toBe(tagsOf(second, 1));
    await bench.ask(['a']);
    expect(bench.asked).toHaveLength(2);
  });

  test('S16 with the later positions of them all', async () => {
    const bench = new Bench();
    await Promise.all([
      bench.ask(['a'], behind('t', [0, 7], [1, 2])),
      bench.ask(['b'], behind('t', [0, 5], [2, 9])),
    ]);
    expect(bench.requests.map(({ extensions }) => extensions)).toEqual([
      {
        tributary: {
          after: {
            t: [
              [0, 7],
              [1, 2],
              [2, 9],
            ],
          },
        },
      },
    ]);
  });

  test('are asked apart where anything but the representations differs', async () => {
    const bench = new Bench();
    const differing: Partial<SubgraphRequest>[] = [
      {},
      { query: 'r' },
      { variables: { unit: 'KM' } },
      { headers: { authorization: 'me' } },
      { shared: false },
      behind('t', [0, 1]),
      behind('u', [0, 1]),
    ];
    await Promise.all(differing.map((request, index) => bench.ask([String(index)], request)));
    expect(bench.asked.flat().sort()).toEqual(differing.map((_, index) => String(index)));
    expect(bench.requests).toHaveLength(differing.length);
  });

  test('are asked by several calls where they are more than a call may have', async () => {
    const bench = new Bench(3);
    await Promise.all([
      bench.ask(['a', 'b']),
      bench.ask(['c']),
      bench.ask(['d']),
      bench.ask(['e', 'f', 'g']),
    ]);
    expect(bench.asked).toEqual([['a', 'b', 'c'], ['d'], ['e', 'f', 'g']]);
  });

  test('have errors at the places that each run knows', async () => {
    const bench = new Bench();
    bench.answer = (ids) => ({
      data: { _entities: ids.map(() => null) },
      errors: [
        { message: 'of b', path: ['_entities', 1, 'name'] },
        { message: 'of all' },
        { message: 'of c', path: ['_entities', 2] },
      ],
    });
    const answers = await Promise.all([bench.ask(['a', 'b']), bench.ask(['c', 'b'])]);
    expect(bench.asked).toEqual([['a', 'b', 'c']]);
    expect(answers.map(({ errors }) => errors?.map(({ message, path }) => [message, path]))).toEqual([
      [
        ['of b', ['_entities', 1, 'name']],
        ['of all', undefined],
      ],
      [
        ['of b', ['_entities', 1, 'name']],
        ['of all', undefined],
        ['of c', ['_entities', 0]],
      ],
    ]);
  });

  test('are asked once more, apart, when one of them spoils the answer', async () => {
    const bench = new Bench();
    const spoilt = { data: null, errors: [{ message: 'cannot read "bad"' }] };
    bench.answer = (ids) => (ids.includes('bad') ? spoilt : undefined);
    const answers = await Promise.all([bench.ask(['a']), bench.ask(['bad']), bench.ask(['b'])]);
    expect(bench.asked).toEqual([['a', 'bad', 'b'], ['a'], ['bad'], ['b']]);
    expect(answers[0]).toEqual({ data: { _entities: [entityOf({ id: 'a' })] } });
    expect(answers[1]).toEqual(spoilt);
  });

  test('fail for all when the subgraph does not answer', async () => {
    const bench = new Bench();
    const failure = new Error('down');
    bench.answer = () => Promise.reject(failure);
    const settled = await Promise.allSettled([bench.ask(['a']), bench.ask(['b'])]);
    expect(settled).toEqual([
      { status: 'rejected', reason: failure },
      { status: 'rejected', reason: failure },
    ]);
    expect(bench.requests).toHaveLength(1);
  });

  test('are given up when all who asked have given up', async () => {
    const bench = new Bench();
    const begun = Promise.withResolvers<void>();
    bench.answer = () => {
      begun.resolve();
      return new Promise(() => {});
    };
    const controllers = [new AbortController(), new AbortController()] as const;
    for (const { signal } of controllers) void bench.ask(['a'], {}, signal);
    await begun.promise;
    const [signal] = bench.signals;
    controllers[0].abort();
    expect(signal?.aborted).toBe(false);
    controllers[1].abort(new Error('late'));
    expect(signal?.aborted).toBe(true);
  });
});
