import type { Browser, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hasBrowser, type Look, launchBrowser, needsBrowser, Visit } from './browser.ts';
import { positionOf } from './clients.ts';
import type { Change } from './operations.ts';
import { System } from './system.ts';
import { readTopic } from './truth.ts';

const soon = { timeout: 30_000 };
/** From then on the page needs its gateway for operations only: Monaco starts its workers when it likes. */
const workers = ['editor', 'graphql', 'json'].map((name) => `/graphiql/${name}.worker.js`);

let system: System | undefined;
let browser: Browser | null;
let visits: Visit[] = [];

beforeAll(async () => {
  if (!hasBrowser) return;
  // Four times the default: some of the tests wait for what happens next.
  system = await System.create({ replay: true, arguments: ['--speed', '240'] });
  [browser] = await Promise.all([launchBrowser(), system.start()]);
});

afterAll(async () => {
  await browser?.close();
  await system?.dispose();
});

beforeEach((context) => needsBrowser(context));

afterEach(async () => {
  const complaints = visits.flatMap((visit) => visit.complaints);
  await Promise.all(visits.map((visit) => visit.close()));
  visits = [];
  expect(complaints).toEqual([]);
});

const running = (): System => {
  if (system === undefined) throw new Error('the system does not run');
  return system;
};

/** A visitor who has GraphiQL before him. */
const visit = async (look?: Look): Promise<Visit> => {
  if (browser === null) throw new Error('there is no browser');
  const visitor = await Visit.open(browser, new URL('/', running().url).href, look);
  visits.push(visitor);
  await tabOf(visitor, 'Board').waitFor(soon);
  await expect.poll(() => [...visitor.fetched], soon).toEqual(expect.arrayContaining(workers));
  return visitor;
};

const tabOf = (visitor: Visit, name: string): Locator =>
  visitor.page.getByRole('tab').getByRole('button', { name, exact: true });

const execute = (visitor: Visit): Locator => visitor.page.getByRole('button', { name: /^Execute query/ });

/** The part of the response that is in sight: GraphiQL's editor draws no more. */
const shown = async (visitor: Visit): Promise<string> => {
  const text = await visitor.page.locator('.graphiql-response .view-lines').innerText();
  return text.replaceAll('\u00a0', ' ');
};

/** Turns to a tab and runs it as it is. */
const run = async (visitor: Visit, name: string): Promise<void> => {
  await tabOf(visitor, name).click();
  await visitor.page
    .getByRole('tab', { selected: true })
    .getByRole('button', { name, exact: true })
    .waitFor(soon);
  await execute(visitor).click();
};

/** As above; resolves with the answer, which came over HTTP. */
const ask = async <Data>(visitor: Visit, name: string): Promise<Answer<Data>> => {
  const isAsked = new RegExp(`\\b(?:query|mutation) ${name}\\(`);
  const isAnswer = (body: string | null): boolean => body !== null && isAsked.test(JSON.parse(body).query);
  const arriving = visitor.page.waitForResponse((response) => isAnswer(response.request().postData()), soon);
  await run(visitor, name);
  return (await arriving).json();
};

interface Answer<Data> {
  readonly data: Data;
  readonly extensions?: Record<string, unknown>;
}

interface Board {
  readonly airport: {
    readonly name: string;
    readonly weather: { readonly temperature: number } | null;
    readonly departures: { readonly nodes: readonly Flight[] };
  };
}
interface Flight {
  readonly airline: { readonly name: string | null };
  readonly plane: { readonly model: string | null } | null;
  readonly destination: { readonly name: string | null } | null;
}
interface Delayed {
  readonly delayFlight: { readonly id: string; readonly delayMinutes: number };
}

/** Runs Live until the snapshot is there and a change has followed. */
const liveStream = async (visitor: Visit): Promise<void> => {
  await run(visitor, 'Live');
  await expect.poll(() => kindsOf(visitor), soon).toContain('UP_TO_DATE');
  await expect.poll(() => kindsOf(visitor), soon).toContain('UPSERT');
  await expect.poll(() => shown(visitor), soon).toContain('"stream": "Live"');
};

const changesOf = (visitor: Visit): Change[] =>
  visitor.messages.flatMap(({ payload }) => (payload?.data?.flightChanges as Change | undefined) ?? []);
const kindsOf = (visitor: Visit): string[] => changesOf(visitor).map(({ kind }) => kind);
const delaysOf = (visitor: Visit, id: string): (number | null | undefined)[] =>
  changesOf(visitor)
    .filter(({ key }) => key === id)
    .map(({ flight }) => flight?.delayMinutes);

describe('what a newcomer does', () => {
  test('the samples are there; Board shows departures, joined from four services', async () => {
    const visitor = await visit();
    const tabs = await visitor.page.locator('[role=tab] .graphiql-tab-button').allTextContents();
    expect(tabs).toEqual(['Board', 'Live', 'Events', 'Delay']);
    const look = async (): Promise<Board['airport']> => (await ask<Board>(visitor, 'Board')).data.airport;
    await expect.poll(async () => (await look()).departures.nodes.length, soon).toBe(20);
    const { name, weather, departures } = await look();
    expect(name).toBe('John F Kennedy Intl');
    expect(weather?.temperature).toBeTypeOf('number');
    const { nodes } = departures;
    expect(nodes.every(({ airline }) => airline.name)).toBe(true);
    expect(nodes.filter(({ destination }) => destination?.name).length).toBeGreaterThan(10);
    expect(nodes.some(({ plane }) => plane?.model)).toBe(true);
    await expect.poll(() => shown(visitor), soon).toContain('John F Kennedy Intl');
    await visitor.picture('board-tab');
  });

  test('what Delay wrote arrives in Live: in another window at once, in the same one when it is run again', async () => {
    const [watcher, visitor] = [await visit(), await visit()];
    await liveStream(watcher);
    await liveStream(visitor);
    const result = await ask<Delayed>(visitor, 'Delay');
    const { id, delayMinutes } = result.data.delayFlight;
    expect(delayMinutes).toBeGreaterThanOrEqual(30);
    await expect.poll(() => delaysOf(watcher, id), soon).toContain(delayMinutes);
    const [[partition, offset] = []] =
      Object.values(positionOf({ extensions: result.extensions ?? {} }))[0] ?? [];
    expect(watcher.places).toContainEqual([partition, offset]);
    await visitor.picture('delay-tab');
    await run(visitor, 'Live');
    await expect.poll(() => delaysOf(visitor, id), soon).toContain(delayMinutes);
    await expect.poll(() => shown(visitor), soon).toContain('"stream": "Live"');
    expect(kindsOf(visitor).filter((kind) => kind === 'RESET')).toHaveLength(1);
    await watcher.picture('live-tab');
  });

  test('an operation that is refused and one that is no GraphQL are told where the answer is', async () => {
    const visitor = await visit();
    await tabOf(visitor, 'Live').click();
    await visitor.page.locator('.graphiql-query-editor .monaco-editor').click();
    for (const [operation, answer] of [
      ['subscription { nonsense }', 'nonsense'],
      ['query { airport }', 'airport'],
    ] as const) {
      await visitor.page.keyboard.press('Control+A');
      await visitor.page.keyboard.insertText(operation);
      await visitor.page.keyboard.press('Control+Enter');
      await expect.poll(() => shown(visitor), soon).toMatch(new RegExp(`"message": "[^]*${answer}`));
    }
    visitor.complaints.length = 0;
  });
});

describe('a gateway killed with -9', () => {
  test('S18 the page says so, comes back by itself, and its streams go on: nothing lost, nothing twice', async () => {
    const [live, events] = [await visit(), await visit()];
    await liveStream(live);
    await run(events, 'Events');
    await expect.poll(() => events.places.length, soon).toBeGreaterThan(2);
    await running().kill('gateway');
    for (const visitor of [live, events]) {
      await expect.poll(() => shown(visitor), soon).toContain('Connection lost; connecting again');
    }
    await live.picture('lost');
    for (const visitor of [live, events]) {
      await expect.poll(() => shown(visitor), soon).toContain('"stream": "Live"');
      const before = visitor.places.length;
      await expect.poll(() => visitor.places.length, soon).toBeGreaterThan(before + 3);
      const names = visitor.places.map(([partition, offset]) => `${partition}:${offset}`);
      expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
      // The browser's own words while nobody listened: the only ones that it may have.
      const refused = /^WebSocket connection to '.+' failed:/;
      expect(visitor.complaints.filter((complaint) => !refused.test(complaint))).toEqual([]);
      visitor.complaints.length = 0;
    }
    expect(kindsOf(live).filter((kind) => kind === 'RESET')).toHaveLength(1);
    await expectComplete(events, 'flights.events');
  });
});

/** Of each partition the visitor has every record from the first to the last that he has. */
const expectComplete = async (visitor: Visit, topic: string): Promise<void> => {
  const seen = Map.groupBy(visitor.places, ([partition]) => partition);
  const written = await readTopic(running().kafka(), topic);
  for (const [partition, places] of seen) {
    const offsets = places.map(([, offset]) => offset);
    const [first = 0, last = 0] = [offsets[0], offsets.at(-1)];
    const truth = written
      .filter((record) => record.partition === partition && record.offset >= first && record.offset <= last)
      .map(({ offset }) => offset);
    expect(offsets).toEqual(truth);
  }
};

describe('how it looks', () => {
  test('it is dark where the system is', async () => {
    const [dark, light] = [await visit({ colours: 'dark' }), await visit()];
    const ground = (visitor: Visit): Promise<string> =>
      visitor.page.evaluate(
        'getComputedStyle(document.querySelector(".graphiql-container")).backgroundColor',
      );
    expect(await ground(dark)).not.toBe(await ground(light));
    await liveStream(dark);
    await dark.picture('dark');
  });

  test('its policy refuses scripts that are not its own', async () => {
    const visitor = await visit();
    await visitor.page.evaluate(
      'document.head.append(Object.assign(document.createElement("script"), { textContent: "foreign = true" }))',
    );
    expect(await visitor.page.evaluate('typeof foreign')).toBe('undefined');
    await expect.poll(() => visitor.complaints.join(), soon).toContain('Content Security Policy');
    visitor.complaints.length = 0;
  });
});
