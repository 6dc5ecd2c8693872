import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hasBrowser, type Look, launchBrowser, needsBrowser, Visit } from './browser.ts';
import { query, ResumingClient } from './clients.ts';
import { allNodes, type Connection, pageInfo } from './paging.ts';
import { System } from './system.ts';

const phone: Look = { width: 390, height: 844 };
const minute = 60_000;
const soon = { timeout: 30_000 };
/** One in the afternoon in New York, on the day of the blizzard: much is cancelled, and not all. */
const blizzard = '2013-02-08T18:00:00Z';

let system: System | undefined;
let browser: Browser | null;
let visits: Visit[] = [];

beforeAll(async () => {
  if (!hasBrowser) return;
  system = await System.create({ replay: true, arguments: ['--from', blizzard] });
  [browser] = await Promise.all([launchBrowser(), system.start()]);
  await clockReaches(system, blizzard);
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

/** What came before is sent as fast as Kafka takes it. */
const clockReaches = async ({ url }: System, time: string): Promise<void> => {
  const clock = new ResumingClient(url, 'subscription { replayClockChanges { replayClock { time } } }');
  const last = () => (clock.results.at(-1)?.data as Moved | undefined)?.replayClockChanges.replayClock?.time;
  await clock.until(() => Date.parse(last() ?? '') >= Date.parse(time));
  await clock.dispose();
};
interface Moved {
  readonly replayClockChanges: { readonly replayClock: { readonly time: string } | null };
}

/** A visitor who has the board before him. */
const visit = async (airport: string, look?: Look): Promise<Visit> => {
  if (browser === null) throw new Error('there is no browser');
  const visitor = await Visit.open(browser, new URL(`/board?airport=${airport}`, running().url).href, look);
  visits.push(visitor);
  await visitor.page.locator('tbody tr').nth(20).waitFor(soon);
  await expect.poll(() => visitor.state.textContent(), soon).toBe('Live');
  return visitor;
};

interface Row {
  readonly id: string;
  readonly scheduled: string;
  readonly cells: readonly string[];
}

const rowsOf = (visitor: Visit): Promise<Row[]> =>
  visitor.page.evaluate(`[...document.querySelectorAll('tbody tr')].map((row) => ({
    id: row.dataset.id,
    scheduled: row.querySelector('time').dateTime,
    cells: [...row.cells].map((cell) => cell.innerText.trim()),
  }))`);

const rowOf = (visitor: Visit, id: string) => visitor.page.locator(`tr[data-id="${id}"]`);
const statusOf = (visitor: Visit, id: string) => rowOf(visitor, id).locator('.status').textContent();

const clockOf = async (visitor: Visit): Promise<number> =>
  Date.parse((await visitor.page.locator('#clock').getAttribute('datetime')) ?? '');

/** Flights that the replay leaves alone for a while: it cancels two hours and delays half an hour ahead. */
const quietFlights = async (visitor: Visit): Promise<string[]> => {
  const now = await clockOf(visitor);
  return (await rowsOf(visitor))
    .filter(({ cells }) => cells[5] === 'On time')
    .filter(({ scheduled }) => Date.parse(scheduled) < now + 110 * minute)
    .map(({ id }) => id)
    .reverse();
};

const mutate = async (text: string, id: string): Promise<void> => {
  const { errors } = await query(running().url, `mutation ($id: ID!) { ${text} { id } }`, { id });
  expect(errors).toBeUndefined();
};

describe('a departures board', () => {
  test('shows what is next by the clock of the replay, the soonest first, with its names, weather and counts', async () => {
    const visitor = await visit('JFK');
    const rows = await rowsOf(visitor);
    expect(rows.length).toBeLessThanOrEqual(60);
    expect(rows.map(({ scheduled }) => scheduled)).toEqual(rows.map(({ scheduled }) => scheduled).sort());
    const now = await clockOf(visitor);
    expect(now).toBeGreaterThanOrEqual(Date.parse(blizzard));
    expect(Date.parse(rows.at(-1)?.scheduled ?? '')).toBeGreaterThan(now);
    expect(rows.filter(({ cells }) => /[a-z]{4}/.test(cells[3] ?? '')).length).toBeGreaterThan(10);
    expect(await visitor.page.locator('#clock').textContent()).toMatch(/^\d\d:\d\d$/);
    expect(await visitor.page.locator('#weather').textContent()).toMatch(/\d+°F\s+(Rain|Snow)/);
    // The view of the flights may be behind that of the clock.
    const cancelled = visitor.page.locator('.counts .cancelled dd');
    await expect.poll(async () => Number(await cancelled.textContent()), soon).toBeGreaterThan(10);
    await visitor.picture('board-desktop');
  });

  test('a delay, a gate and a cancellation by others appear and stand out for a moment', async () => {
    const visitor = await visit('JFK');
    const [cancelled, delayed] = await quietFlights(visitor);
    await mutate('delayFlight(id: $id, minutes: 95)', delayed!);
    await expect.poll(() => statusOf(visitor, delayed!), soon).toBe('Delayed 1 h 35');
    expect(await rowOf(visitor, delayed!).getAttribute('class')).toContain('changed');
    await mutate('changeGate(id: $id, gate: "B22")', delayed!);
    await expect.poll(() => rowOf(visitor, delayed!).locator('.gate').textContent(), soon).toBe('B22');
    await mutate('cancelFlight(id: $id)', cancelled!);
    await expect.poll(() => statusOf(visitor, cancelled!), soon).toBe('Cancelled');
    await rowOf(visitor, cancelled!).scrollIntoViewIfNeeded();
    await visitor.picture('board-changed');
    await expect.poll(() => rowOf(visitor, cancelled!).getAttribute('class'), soon).not.toContain('changed');
  });

  test('S18 after kill -9 of the gateway it says so, goes on without a new snapshot, and is as a fresh query', async () => {
    const visitor = await visit('JFK');
    await running().kill('gateway');
    await expect.poll(() => visitor.state.textContent(), soon).toContain('Connection lost');
    await visitor.picture('board-lost');
    const before = visitor.messages.length;
    await expect.poll(() => visitor.state.textContent(), soon).toBe('Live');
    await expect.poll(() => visitor.messages.length, soon).toBeGreaterThan(before + 20);
    const replay = await running().pidOf('replay');
    process.kill(replay, 'SIGSTOP');
    try {
      await expect.poll(async () => isAsFresh(visitor), soon).toBe(true);
    } finally {
      process.kill(replay, 'SIGCONT');
    }
    const kinds = visitor.messages.map(
      ({ payload }) => (payload?.data?.flightChanges as { kind: string } | undefined)?.kind,
    );
    expect(kinds.filter((kind) => kind === 'RESET')).toHaveLength(1);
    // The browser's own words while nobody listened: the only ones that it may have.
    const refused = /^WebSocket connection to '.+' failed:/;
    expect(visitor.complaints.filter((complaint) => !refused.test(complaint))).toEqual([]);
    visitor.complaints.length = 0;
  });
});

/** Whether the table is what the page makes of rows that are asked for now. Throws what differs. */
const isAsFresh = async (visitor: Visit): Promise<boolean> => {
  const flights = await flightsOf('JFK');
  const [shown, fresh] = await visitor.page.evaluate<[unknown[], unknown[]]>(`
    import('/board/departures.js').then(({ onBoard, statusText }) => [
      [...document.querySelectorAll('tbody tr')].map((row) => [
        row.dataset.id, row.querySelector('.gate').textContent, row.querySelector('.status').textContent,
      ]),
      onBoard(${JSON.stringify(flights)}, Date.parse(document.querySelector('#clock').dateTime))
        .map((flight) => [flight.id, flight.gate ?? '–', statusText(flight)]),
    ])`);
  expect(shown.length).toBeGreaterThan(20);
  return JSON.stringify(shown) === JSON.stringify(fresh);
};

const flightsOf = (origin: string): Promise<object[]> =>
  allNodes(
    running().url,
    (after) => `{
      flights(origin: "${origin}", first: 100${after}) {
        nodes { id scheduledDeparture status delayMinutes departureDelayMinutes gate }
        ${pageInfo}
      }
    }`,
    ({ flights }: { flights: Connection<object> }) => flights,
  );

describe('how it looks and feels', () => {
  test.each([
    ['a phone', phone, 'phone'],
    ['a dark phone', { ...phone, colours: 'dark' }, 'phone-dark'],
    ['a tablet', { width: 768, height: 1024 }, 'tablet'],
    ['a narrow window', { width: 900 }, 'window'],
    ['a dark desktop', { colours: 'dark' }, 'desktop-dark'],
  ] as const)('on %s nothing is cut off sideways', async (_name, look, picture) => {
    const visitor = await visit('LGA', look);
    expect(await visitor.scrollsSideways()).toBe(false);
    await visitor.picture(`board-${picture}`);
  });

  test('another airport is a link away, by keyboard too; an unknown one in the address gives the first', async () => {
    const visitor = await visit('nonsense');
    expect(await visitor.page.title()).toBe('JFK departures');
    await visitor.page.keyboard.press('Tab');
    await visitor.page.keyboard.press('Tab');
    const style = await visitor.page.evaluate('getComputedStyle(document.activeElement).outline');
    expect(style).toContain('solid 3px');
    await visitor.page.keyboard.press('Enter');
    await visitor.page.waitForURL(/airport=LGA/);
    await expect.poll(() => visitor.page.locator('caption').textContent(), soon).toContain('La Guardia');
    expect(await visitor.page.locator('[aria-current=page]').textContent()).toBe('LGA');
  });

  test('who wants less motion sees a change without an animation', async () => {
    const visitor = await visit('JFK');
    await visitor.page.emulateMedia({ reducedMotion: 'reduce' });
    const [flight] = await quietFlights(visitor);
    await mutate('delayFlight(id: $id, minutes: 40)', flight!);
    const row = rowOf(visitor, flight!).and(visitor.page.locator('.changed'));
    await row.waitFor(soon);
    const animation = "getComputedStyle(document.querySelector('tr.changed')).animationName";
    expect(await visitor.page.evaluate(animation)).toBe('none');
  });
});
