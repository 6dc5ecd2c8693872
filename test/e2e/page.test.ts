import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Look, launchBrowser, needsBrowser, Visit } from './browser.ts';
import { positionOf } from './clients.ts';
import type { Change } from './operations.ts';
import { System } from './system.ts';
import { readTopic } from './truth.ts';

const phone: Look = { width: 390, height: 844 };
const soon = { timeout: 30_000 };

let system: System | undefined;
let browser: Browser | null;
let visits: Visit[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
  if (browser === null) return;
  system = await System.create({ replay: true });
  await system.start();
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

const visit = async (look?: Look): Promise<Visit> => {
  if (browser === null) throw new Error('there is no browser');
  const visitor = await Visit.open(browser, new URL('/', running().url).href, look);
  visits.push(visitor);
  return visitor;
};

interface Board {
  readonly airport: { readonly name: string; readonly departures: { readonly nodes: readonly Flight[] } };
}
interface Flight {
  readonly id: string;
  readonly destination: { readonly name: string | null } | null;
}

/** Runs Board until the replay has written what fills it. */
const fullBoard = async (visitor: Visit): Promise<Board> => {
  const look = async (): Promise<Board> => {
    await visitor.run('Board');
    await expect.poll(() => visitor.page.locator('#took').textContent(), soon).toMatch(/^HTTP 200/);
    return (await visitor.answer<Board>()).data;
  };
  await expect.poll(async () => (await look()).airport.departures.nodes.length, soon).toBe(20);
  return look();
};

/** Runs Live until the snapshot is there and a change has followed. */
const liveStream = async (visitor: Visit): Promise<void> => {
  await visitor.run('Live');
  await visitor.page.locator('#events li[data-kind=UPSERT]').first().waitFor(soon);
  await expect.poll(() => kindsOf(visitor), soon).toContain('UP_TO_DATE');
  expect(await visitor.state.textContent()).toBe('Live');
};

const changesOf = (visitor: Visit): Change[] =>
  visitor.messages.flatMap(({ payload }) => (payload?.data?.flightChanges as Change | undefined) ?? []);
const kindsOf = (visitor: Visit): string[] => changesOf(visitor).map(({ kind }) => kind);

describe('what a newcomer does', () => {
  test('Board shows the departures of an airport, joined with the names of others', async () => {
    const visitor = await visit();
    const { airport } = await fullBoard(visitor);
    expect(airport.name).toBe('John F Kennedy Intl');
    expect(airport.departures.nodes.filter(({ destination }) => destination?.name).length).toBeGreaterThan(
      10,
    );
  });

  test('Live streams while Delay runs, and what Delay wrote is among its events', async () => {
    const visitor = await visit();
    await liveStream(visitor);
    await visitor.run('Delay');
    await visitor.page.locator('#answer').waitFor(soon);
    const result = await visitor.answer<{ delayFlight: { id: string; delayMinutes: number } }>();
    const { id, delayMinutes } = result.data.delayFlight;
    expect(delayMinutes).toBeGreaterThanOrEqual(30);
    const event = visitor.events
      .filter({ hasText: id })
      .filter({ hasText: `"delayMinutes": ${delayMinutes}` });
    await event.first().waitFor(soon);
    const [[partition, offset] = []] = Object.values(positionOf(result))[0] ?? [];
    expect(await event.first().textContent()).toContain(`partition ${partition}, offset ${offset}`);
    await visitor.picture('desktop');
  });

  test('an operation that is refused and variables that are no JSON are told where the answer is', async () => {
    const visitor = await visit();
    await visitor.page.getByLabel('Variables, as JSON').fill('{ oops');
    await visitor.page.getByRole('button', { name: /^Run/ }).click();
    expect(await visitor.page.locator('#answer').textContent()).toContain('The variables are no JSON');
    await visitor.choose('Live');
    await visitor.page.getByLabel('Query, mutation or subscription').fill('# a\nsubscription { nonsense }');
    await visitor.page.getByRole('button', { name: /^Run/ }).click();
    await expect.poll(() => visitor.page.locator('#answer').textContent(), soon).toContain('nonsense');
    expect(await visitor.state.textContent()).toBe('Refused');
  });
});

describe('a gateway killed with -9', () => {
  test('S18 the page says so, comes back by itself, and its streams go on: nothing lost, nothing twice', async () => {
    const [live, events] = [await visit(), await visit()];
    await liveStream(live);
    await events.run('Events');
    await events.events.nth(2).waitFor(soon);
    await running().kill('gateway');
    for (const visitor of [live, events]) {
      await expect.poll(() => visitor.state.textContent(), soon).toContain('Connection lost');
    }
    await live.picture('lost');
    for (const visitor of [live, events]) {
      await expect.poll(() => visitor.state.textContent(), soon).toBe('Live');
      const before = visitor.places.length;
      await expect.poll(() => visitor.places.length, soon).toBeGreaterThan(before + 3);
      const names = visitor.places.map(([partition, offset]) => `${partition}:${offset}`);
      expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
      expect(await visitor.page.getByText('Connected again; going on after the last event.').count()).toBe(1);
      // The browser's own words while nobody listened: the only ones that it may have.
      const [refused, others] = [/^WebSocket connection to '.+' failed:/, visitor.complaints];
      expect(others.filter((complaint) => !refused.test(complaint))).toEqual([]);
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

describe('how it looks and feels', () => {
  test.each([
    ['a phone', phone, 'phone'],
    ['a dark phone', { ...phone, colours: 'dark' }, 'phone-dark'],
    ['a dark desktop', { colours: 'dark' }, 'desktop-dark'],
  ] as const)('on %s nothing is cut off sideways, empty or full', async (_name, look, picture) => {
    const visitor = await visit(look);
    expect(await visitor.scrollsSideways()).toBe(false);
    await visitor.picture(`${picture}-first`);
    await fullBoard(visitor);
    expect(await visitor.page.locator('#answer').isVisible()).toBe(true);
    await liveStream(visitor);
    expect(await visitor.scrollsSideways()).toBe(false);
    await visitor.picture(picture, true);
  });

  test('by keyboard alone: the focus is seen on its way, Ctrl+Enter runs, Escape stops', async () => {
    const visitor = await visit();
    const { keyboard } = visitor.page;
    const passed: string[] = [];
    const focus =
      '(({ id, firstChild }, { outlineStyle, outlineWidth }) => [id || firstChild.textContent, outlineStyle, outlineWidth].join(" "))' +
      '(document.activeElement, getComputedStyle(document.activeElement))';
    for (let press = 0; press < 7; press++) {
      await keyboard.press('Tab');
      passed.push(await visitor.page.evaluate<string>(focus));
    }
    const stops = ['Board', 'Live', 'Events', 'Delay', 'query', 'variables', 'run'];
    expect(passed).toEqual(stops.map((stop) => `${stop} solid 3px`));
    for (let press = 0; press < 5; press++) await keyboard.press('Shift+Tab');
    await keyboard.press('Enter');
    await keyboard.press('Control+Enter');
    await expect.poll(() => visitor.state.textContent(), soon).toBe('Live');
    await keyboard.press('Escape');
    expect(await visitor.state.textContent()).toBe('Stopped');
  });

  test('its policy refuses scripts that are not its own', async () => {
    const visitor = await visit();
    await visitor.page.evaluate(
      'document.head.append(Object.assign(document.createElement("script"), { textContent: "foreign = true" }))',
    );
    expect(await visitor.page.evaluate('typeof foreign')).toBe('undefined');
    await expect.poll(() => visitor.complaints.join()).toContain('Content Security Policy');
    visitor.complaints.length = 0;
  });
});
