import { setTimeout as pace } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hasBrowser, launchBrowser, needsBrowser, Visit } from './browser.ts';
import { query } from './clients.ts';
import { flight, flightEvent } from './operations.ts';
import { System } from './system.ts';
import { readTopic } from './truth.ts';

const soon = { timeout: 60_000 };
/** The sequence of events that are written before the stream is known to have begun. */
const warmUp = 0;
const flights = Array.from({ length: 8 }, (_, index) => `ES-${index}`);

/**
 * What somebody writes who has read that a browser's EventSource comes back by itself, and nothing else: no helper, no
 * cursor, no look at what came before.
 */
const pageOf = (operation: string): string => `<!doctype html>
<title>Events</title>
<style>
  body { font: 14px/1.4 system-ui; margin: 1.5rem; }
  ol { columns: 9rem; padding-left: 3.5rem; }
</style>
<h1>Flight events <output id="state">connecting</output></h1>
<ol></ol>
<script>
  const seen = [];
  let opened = 0;
  let completed = 0;
  const say = (text) => { document.querySelector('#state').value = text; };
  const source = new EventSource('/graphql?query=' + encodeURIComponent(${JSON.stringify(operation)}));
  source.onopen = () => { opened += 1; say('live'); };
  source.onerror = () => say(source.readyState === EventSource.CLOSED ? 'closed' : 'lost');
  source.addEventListener('complete', () => { completed += 1; });
  source.addEventListener('next', (event) => {
    const { data, errors, extensions } = JSON.parse(event.data);
    if (errors) return seen.push(errors[0].extensions.code);
    const { flight, delayMinutes } = data.flightEvents;
    seen.push({ place: extensions.tributary.at.join('/'), flight: flight.id, sequence: delayMinutes });
    document.querySelector('ol').append(
      Object.assign(document.createElement('li'), { textContent: flight.id + ' #' + delayMinutes }),
    );
  });
</script>`;

interface Seen {
  readonly place: string;
  readonly flight: string;
  readonly sequence: number;
}

let system: System | undefined;
let browser: Browser | null;
let visits: Visit[] = [];

beforeAll(async () => {
  if (!hasBrowser) return;
  system = await System.create();
  [browser] = await Promise.all([launchBrowser(), system.start()]);
});

afterAll(async () => {
  await browser?.close();
  await system?.dispose();
});

beforeEach((context) => needsBrowser(context));

afterEach(async () => {
  await Promise.all(visits.map((visit) => visit.close()));
  visits = [];
});

const running = (): System => {
  if (system === undefined) throw new Error('the system does not run');
  return system;
};

/** A page of the gateway's own origin, made of the HTML. */
const open = async (html: string): Promise<Visit> => {
  if (browser === null) throw new Error('there is no browser');
  const visit = await Visit.open(browser, new URL('/health/live', running().url).href, { width: 1024 });
  visits.push(visit);
  await visit.page.setContent(html);
  return visit;
};

const seenBy = ({ page }: Visit): Promise<Seen[]> => page.evaluate('seen');
const isOfTheRun = ({ sequence }: Seen): boolean => sequence !== warmUp;
const countOf = ({ page }: Visit, expression: string): Promise<number> => page.evaluate(expression);
const stateOf = ({ page }: Visit): Promise<string> => page.evaluate("document.querySelector('#state').value");

/** The headers come before the stream has begun: writes single events until the page has seen one, and so sees all that follow. */
const untilLive = async (visit: Visit): Promise<void> => {
  const producer = await running().producer();
  const more = async (): Promise<number> => {
    await producer.send({
      topic: 'flights.events',
      messages: [flightEvent(flights[0] ?? '', 'DELAYED', warmUp)],
    });
    return countOf(visit, 'seen.length');
  };
  await expect.poll(more, soon).toBeGreaterThan(0);
  await producer.disconnect();
};

/** Fifty events a second, until it is told to stop; resolves with how many. */
const write = async (signal: AbortSignal): Promise<number> => {
  const producer = await running().producer();
  let sequence = 0;
  while (!signal.aborted) {
    const messages = Array.from({ length: 5 }, () => {
      sequence += 1;
      return flightEvent(flights[(sequence * 5) % flights.length] ?? '', 'DELAYED', sequence);
    });
    // The rate is the load, not a wait for something to happen.
    await Promise.all([producer.send({ topic: 'flights.events', messages }), pace(100)]);
  }
  await producer.disconnect();
  return sequence;
};

/** Events name flights: these have rows. */
const writeFlights = async (): Promise<void> => {
  const producer = await running().producer();
  await producer.send({ topic: 'flights.flights', messages: flights.map((id) => flight(id, 'JFK')) });
  await producer.disconnect();
  const found = async (id: string) =>
    (await query(running().url, 'query ($id: ID!) { flight(id: $id) { id } }', { id })).data?.flight;
  for (const id of flights) await expect.poll(() => found(id), soon).toEqual({ id });
};

describe("a browser's own EventSource", () => {
  test('S7 through kill -9 of the gateway the page shows every event once, in order for each key', async () => {
    await writeFlights();
    const visit = await open(pageOf('subscription { flightEvents { delayMinutes flight { id } } }'));
    await expect.poll(() => stateOf(visit), soon).toBe('live');
    await untilLive(visit);
    const enough = new AbortController();
    const writing = write(enough.signal);
    try {
      for (let kill = 1; kill <= 2; kill += 1) {
        const before = await countOf(visit, 'seen.length');
        await expect.poll(() => countOf(visit, 'seen.length'), soon).toBeGreaterThan(before + 50);
        const opened = await countOf(visit, 'opened');
        await running().kill('gateway');
        await expect.poll(() => countOf(visit, 'opened'), soon).toBeGreaterThan(opened);
      }
    } finally {
      enough.abort();
    }
    const written = await writing;
    await expect
      .poll(async () => (await seenBy(visit)).filter(isOfTheRun).length, soon)
      .toBeGreaterThanOrEqual(written);
    await visit.picture('event-source');

    const all = await seenBy(visit);
    const seen = all.filter(isOfTheRun);
    const truth = await readTopic(running().kafka(), 'flights.events');
    const places = truth
      .filter(({ value }) => value?.delayMinutes !== warmUp)
      .map(({ partition, offset }) => `${partition}/${offset}`);
    expect(places).toHaveLength(written);
    expect(seen.map(({ place }) => place).toSorted()).toEqual(places.toSorted());
    for (const [id, told] of Map.groupBy(seen, (event) => event.flight)) {
      const sequences = told.map(({ sequence }) => sequence);
      expect(sequences, id).toEqual(sequences.toSorted((a, b) => a - b));
    }
    expect(await visit.page.locator('li').count()).toBe(all.length);
    expect(await countOf(visit, 'completed')).toBe(0);
  });

  test('S21 an operation that has ended is asked for once more, answered with 204, and then left alone', async () => {
    const visit = await open('<!doctype html>');
    const statuses: number[] = [];
    visit.page.on('response', (response) => statuses.push(response.status()));
    await visit.page.setContent(pageOf('subscription { flightEvents(from: "no cursor") { delayMinutes } }'));
    await expect.poll(() => stateOf(visit), soon).toBe('closed');
    expect(await countOf(visit, 'completed')).toBe(1);
    expect(await seenBy(visit)).toEqual(['CURSOR_INVALID']);
    expect(statuses).toEqual([200, 204]);
    // Chromium asks again within the time that the stream names, 2.5 s at most; a closed source has no timer.
    expect(await countOf(visit, 'source.readyState')).toBe(2);
  });
});
