import { type ExecutionResult, parse, validate } from 'graphql';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { AfterPositions } from '../../../gateway/execution/after.ts';
import { SubscriptionRefused } from '../../../gateway/generation/subscription.ts';
import { type Graph, takeFetches } from '../execution/graph.ts';
import { ticker } from './ticker.ts';

/** Resolves when the condition holds, looked at in every turn of the loop. */
const eventually = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise(setImmediate);
};

const plan = (graph: Graph, query: string, variables: Record<string, unknown> = {}) => {
  const document = parse(query);
  expect(validate(graph.generation.apiSchema, document)).toEqual([]);
  return graph.generation.planSubscription({ document, operationName: null, variables });
};

const joined =
  'subscription Live($origin: ID) { changed(origin: $origin) { kind flight { id origin { name city { title } } } } }';

const change = (faa: string): ExecutionResult => ({
  data: {
    changed: {
      kind: 'UPSERT',
      flight: { __typename: 'Flight', id: `f-${faa}`, origin: { __typename: 'Airport', faa } },
    },
  },
});

const events = (...results: ExecutionResult[]) => results.map((result) => ({ result, after: null }));

describe('planSubscription', () => {
  test('gives the upstream operation, with the variables that it uses', () => {
    const subscription = plan(ticker(), joined, { origin: 'jfk' });
    expect(subscription.subgraph).toEqual({ name: 'flights', url: 'http://flights.test/graphql' });
    expect(subscription.document).toContain('changed(origin:$origin)');
    expect(subscription.variables).toEqual({ origin: 'jfk' });
    expect(subscription.operationName).toMatch(/^Live/);
    expect(subscription.responseKey).toBe('changed');
    expect(subscription.passThrough).toBe(false);
  });

  test('passes an event through when nothing is joined, added or hidden', () => {
    const graph = ticker();
    const passes = (query: string) => plan(graph, query).passThrough;
    expect(passes('subscription { changed { key flight { id status } } }')).toBe(true);
    expect(passes('subscription { c: changed { ...f note } } fragment f on Change { key }')).toBe(true);
    expect(passes('subscription { changed { kind } }'), 'an enum with a hidden value').toBe(false);
    expect(passes('subscription { changed { flight { origin { name } } } }'), 'a join').toBe(false);
    expect(passes('subscription { happened { ... on Change { key } } }'), 'an added __typename').toBe(false);
    expect(passes('subscription { happened { __typename ... on Change { key } } }')).toBe(true);
  });

  test('refuses variables that do not fit, with each mistake', () => {
    const refused = (): unknown => plan(ticker(), joined, { origin: { no: 1 } });
    expect(refused).toThrow(SubscriptionRefused);
    expect(refused).toThrow(/"\$origin" got invalid value/);
  });
});

describe('complete', () => {
  test('S17 joins events that are due together by one _entities call a fetch, in their order', async () => {
    const graph = ticker();
    const results = await plan(graph, joined).complete(events(change('jfk'), change('lga'), change('jfk')));
    expect(results.map(({ data }) => JSON.stringify(data))).toEqual(
      ['jfk', 'lga', 'jfk'].map((faa) =>
        JSON.stringify({
          changed: {
            kind: 'UPSERT',
            flight: { id: `f-${faa}`, origin: { name: faa.toUpperCase(), city: { title: 'New York' } } },
          },
        }),
      ),
    );
    const fetches = takeFetches(graph);
    expect(fetches.map(({ subgraph }) => subgraph)).toEqual(['airports', 'cities']);
    expect(fetches[0]?.request.variables.representations).toHaveLength(2);
    expect(fetches[1]?.request.variables.representations).toHaveLength(1);
  });

  test('S17 more representations than the limit go in several calls', async () => {
    const graph = ticker({ representations: 2 });
    const faas = ['a', 'b', 'c', 'd', 'e'];
    const results = await plan(graph, joined).complete(events(...faas.map(change)));
    expect(results.map(({ data }) => JSON.stringify(data).match(/"name":"(.)"/)?.[1])).toEqual(
      faas.map((faa) => faa.toUpperCase()),
    );
    const airports = takeFetches(graph).filter(({ subgraph }) => subgraph === 'airports');
    expect(airports.map(({ request }) => (request.variables.representations as unknown[]).length)).toEqual([
      2, 2, 1,
    ]);
  });

  test('S16 sends the positions of the events with each fetch, the later one of each partition', async () => {
    const graph = ticker();
    const positions = (...pairs: [number, number][]): AfterPositions => ({ topic: pairs });
    await plan(graph, joined).complete([
      { result: change('jfk'), after: positions([0, 7], [1, 1]) },
      { result: change('lga'), after: positions([0, 3], [2, 9]) },
      { result: change('ewr'), after: null },
    ]);
    for (const { request } of takeFetches(graph)) {
      expect(request.extensions).toEqual({
        tributary: {
          after: {
            topic: [
              [0, 7],
              [1, 1],
              [2, 9],
            ],
          },
        },
      });
    }
  });

  test('S17 a join that does not answer in time is null with SUBGRAPH_TIMEOUT, and never rejects', async () => {
    const graph = ticker({ joinDeadlineMs: 30 });
    graph.intercept = ({ subgraph }) => (subgraph === 'airports' ? new Promise(() => {}) : undefined);
    const [result] = await plan(graph, joined).complete(events(change('jfk')));
    expect(result?.data).toEqual({ changed: { kind: 'UPSERT', flight: { id: 'f-jfk', origin: null } } });
    expect(result?.errors?.map((error) => error.toJSON())).toEqual([
      {
        message: 'Subgraph "airports" did not answer within the 30 ms that the joins of an event may take.',
        path: ['changed', 'flight', 'origin', 'name'],
        extensions: { code: 'SUBGRAPH_TIMEOUT', retryable: true, subgraph: 'airports' },
      },
    ]);
  });

  test('S17 what several operations join at the same time is asked once', async () => {
    const graph = ticker();
    const other = 'subscription Other { changed { key flight { origin { name city { title } } } } }';
    const [mine, theirs] = await Promise.all([
      plan(graph, joined.replace('Live', 'Other')).complete(events(change('jfk'), change('lga'))),
      plan(graph, other).complete(events(change('lga'))),
    ]);
    expect(graph.fetched.map(({ subgraph }) => subgraph)).toEqual(['airports', 'cities']);
    expect([...mine, ...theirs].map(({ errors }) => errors)).toEqual([undefined, undefined, undefined]);
    const city = { title: 'New York' };
    expect(mine[1]).toMatchObject({ data: { changed: { flight: { origin: { name: 'LGA', city } } } } });
    expect(theirs[0]).toMatchObject({ data: { changed: { flight: { origin: { name: 'LGA', city } } } } });
  });

  test('S17 joins that follow each other have one deadline together', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const graph = ticker({ joinDeadlineMs: 2_000 });
    graph.intercept = ({ subgraph, request }) => {
      if (subgraph === 'cities') return new Promise(() => {});
      const { faa } = (request.variables.representations as { faa: string }[])[0]!;
      const airport = { name: faa, city: { __typename: 'City', id: 'nyc' } };
      return new Promise((resolve) => {
        setTimeout(() => resolve({ data: { _entities: [airport] } }), 1_500);
      });
    };
    let results: readonly ExecutionResult[] = [];
    const completing = plan(graph, joined).complete(events(change('jfk')));
    void completing.then((given) => {
      results = given;
    });
    await eventually(() => graph.fetched.length === 1);
    await vi.advanceTimersByTimeAsync(1_500);
    await eventually(() => graph.fetched.length === 2);
    await vi.advanceTimersByTimeAsync(490);
    expect(results).toEqual([]);
    await vi.advanceTimersByTimeAsync(10);
    const origin = { name: 'jfk', city: { title: null } };
    expect(results).toMatchObject([
      {
        data: { changed: { flight: { origin } } },
        errors: [{ extensions: { code: 'SUBGRAPH_TIMEOUT', subgraph: 'cities' } }],
      },
    ]);
  });

  test('an event with errors, without data, or without anything to join', async () => {
    const graph = ticker();
    const results = await plan(graph, joined).complete(
      events(
        { data: { changed: { kind: 'DELETE', flight: null } } },
        { data: null, errors: [{ message: 'gone', extensions: { code: 'CURSOR_EXPIRED' } } as never] },
        change('zzz'),
      ),
    );
    expect(JSON.parse(JSON.stringify(results))).toEqual([
      { data: { changed: { kind: 'DELETE', flight: null } } },
      {
        data: null,
        errors: [{ message: 'gone', extensions: { code: 'CURSOR_EXPIRED', subgraph: 'flights' } }],
      },
      {
        data: { changed: { kind: 'UPSERT', flight: { id: 'f-zzz', origin: null } } },
        errors: [
          {
            message: 'Cannot return null for non-nullable field Airport.name.',
            path: ['changed', 'flight', 'origin', 'name'],
            extensions: { code: 'SUBGRAPH_FAILED' },
          },
        ],
      },
    ]);
  });

  test('extensions of an event stay with it', async () => {
    const extensions = { tributary: { at: [0, 1], cursor: 'c' } };
    const [result] = await plan(ticker(), joined).complete([
      { result: { ...change('jfk'), extensions }, after: null },
    ]);
    expect(result?.extensions).toEqual(extensions);
  });
});
