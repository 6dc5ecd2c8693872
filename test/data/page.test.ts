import { readFileSync } from 'node:fs';
import { parse } from 'graphql';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { consolePages } from '../../cli/console-pages.ts';

interface Tab {
  readonly query: string;
  readonly variables: string;
}

/** As the browser loads it. */
const { prepareTabs } = (await import(new URL('../../console/samples.js', import.meta.url).href)) as {
  readonly prepareTabs: (storage: Storage) => Promise<readonly Tab[]>;
};

const { operationsOf } = (await import(new URL('../../console/operations.js', import.meta.url).href)) as {
  readonly operationsOf: (document: string) => readonly { readonly kind: string; readonly name?: string }[];
};

const page = readFileSync('console/index.html', 'utf8');
const pages = await consolePages();
const bodyOf = async (path: string): Promise<string> => {
  const body = pages.get(path)?.body ?? '';
  return String(typeof body === 'function' ? await body() : body);
};

describe('the page at /', () => {
  test('its policy lets scripts of the gateway run, and neither others nor any in the page', () => {
    const [, policy = ''] = /Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];
    expect(policy.split('; ')).toEqual(
      expect.arrayContaining(["default-src 'none'", "script-src 'self'", 'worker-src blob:']),
    );
    expect(policy).not.toContain('unsafe-eval');
    expect(policy.match(/[a-z]+-src [^;]*'unsafe-inline'/g)).toEqual(["style-src 'self' 'unsafe-inline'"]);
  });

  test('all that it loads comes with it: GraphiQL, its workers, and what it runs operations with', async () => {
    const own = ['workers.js', 'main.js', 'fetcher.js', 'operations.js', 'stream.js', 'samples.js'].map(
      (file) => `/console/${file}`,
    );
    const sources = await Promise.all(own.map(bodyOf));
    const named = [page, ...sources].flatMap((text) => [...text.matchAll(/(?:src|href)="([^"]+)"/g)]);
    for (const [, path = ''] of named) expect([...pages.keys()]).toContain(path);
    for (const text of [page, ...sources]) expect(text).not.toMatch(/https?:\/\//);
    for (const worker of ['editor', 'graphql', 'json']) {
      expect(sources[0]).toContain(`'${worker}.worker.js'`);
      const path = `/graphiql/${worker}.worker.js`;
      expect(pages.get(path)?.type).toBe('text/javascript; charset=utf-8');
      expect((await bodyOf(path)).length).toBeGreaterThan(100_000);
    }
  });
});

const flightsOf = (...ids: string[]): void => {
  const data = { flights: { nodes: ids.map((id) => ({ id })) } };
  vi.stubGlobal('fetch', async () => Response.json({ data }));
};

/** What browsers keep for a page. */
const emptyStorage = (): Storage => {
  const items = new Map<string, string>();
  const storage = {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => items.set(key, value),
  };
  return storage as unknown as Storage;
};

const variablesOf = (tab: Tab | undefined): unknown => JSON.parse(tab?.variables ?? 'null');

describe('the tabs of GraphiQL', () => {
  afterEach(() => vi.unstubAllGlobals());

  test('are the operations of the README, with variables with which they run', async () => {
    flightsOf('A', 'B');
    const tabs = await prepareTabs(emptyStorage());
    const shown = [
      ...readFileSync('README.md', 'utf8').matchAll(/```graphql\n((?:query|subscription|mutation).*?)```/gs),
    ];
    const withoutPlaces = (query: string) => JSON.parse(JSON.stringify(parse(query, { noLocation: true })));
    expect(tabs.map(({ query }) => withoutPlaces(query))).toEqual(
      shown.map(([, query = '']) => withoutPlaces(query)),
    );
    expect(tabs.map(variablesOf)).toEqual([{ airport: 'JFK' }, { airport: 'JFK' }, {}, { id: 'B' }]);
  });

  test('are there when nobody answers yet', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    expect(variablesOf((await prepareTabs(emptyStorage()))[3])).toEqual({ id: '' });
  });

  test('of a later visit delay a flight that has not left, unless the visitor chose another', async () => {
    const storage = emptyStorage();
    flightsOf('UA-1-JFK-20130204');
    const first = await prepareTabs(storage);
    expect(storage.getItem('graphiql:variables')).toBe(first[0]?.variables);
    storage.setItem('graphiql:tabState', JSON.stringify({ tabs: first }));
    flightsOf('UA-2-JFK-20130205');
    await prepareTabs(storage);
    const remembered = (): string => JSON.parse(storage.getItem('graphiql:tabState') ?? '').tabs[3].variables;
    expect(remembered()).toContain('UA-2-JFK-20130205');
    storage.setItem(
      'graphiql:tabState',
      JSON.stringify({ tabs: [...first.slice(0, 3), { variables: '{ "id": "mine" }' }] }),
    );
    flightsOf('UA-3-JFK-20130206');
    await prepareTabs(storage);
    expect(remembered()).toBe('{ "id": "mine" }');
  });
});

test.each([
  ['{ subscription }', []],
  [
    '# subscription A\nquery B($a: I = {b: "subscription C"}) @c(d: "}") { query { mutation } }',
    [{ kind: 'query', name: 'B' }],
  ],
  ['subscription{ a }', [{ kind: 'subscription' }]],
  [
    'query A { a } subscription B { b(c: 1) { d } }',
    [
      { kind: 'query', name: 'A' },
      { kind: 'subscription', name: 'B' },
    ],
  ],
])('the operations of %s are found', (document, operations) => {
  expect(operationsOf(document).map((each) => JSON.parse(JSON.stringify(each)))).toEqual(operations);
});
