import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { comparePositions, type Moment, momentsFrom } from '../../data/replay/cycle.ts';
import { type Flight, flightId } from '../../data/replay/flight.ts';
import { flightSteps, lifeOf } from '../../data/replay/life.ts';
import { hour, minute, week } from '../../data/replay/local-time.ts';
import { recordsOf } from '../../data/replay/step.ts';
import { observationSteps } from '../../data/replay/weather.ts';
import { readWeek, weekBegin } from '../../data/replay/week.ts';

const { flights } = readWeek();
const steps = flightSteps(flights);

const find = (id: string): Flight => flights.find((flight) => flightId(flight, 0) === id)!;
const announced = Date.parse('2013-02-03T05:00:00Z');
/** Kind and time of each step, and what the row then says. */
const life = (id: string) =>
  lifeOf(find(id), announced)
    .filter(({ kind }) => kind !== 'REMOVED')
    .map((step) => {
      const row = recordsOf(step, 0)[0]?.value;
      return [step.kind, new Date(step.at).toISOString().slice(5, 16), row?.delayMinutes];
    });

describe('the life of a flight', () => {
  test('late: known half an hour ahead, then it leaves, and arrives with the delay of the arrival', () => {
    expect(life('B6-22-JFK-20130206')).toEqual([
      ['SCHEDULED', '02-03T05:00', 0],
      ['DELAYED', '02-07T03:19', 77],
      ['DEPARTED', '02-07T05:06', 77],
      ['ARRIVED', '02-07T06:02', 66],
    ]);
  });

  test('punctual, to an airport without a zone: the arrival is estimated from the time in the air', () => {
    expect(life('B6-709-JFK-20130204')).toEqual([
      ['SCHEDULED', '02-03T05:00', 0],
      ['DEPARTED', '02-04T11:06', -4],
      ['ARRIVED', '02-04T14:16', -12],
    ]);
  });

  test('cancelled: two hours ahead, without a delay', () => {
    expect(life('EV-4299-EWR-20130204')).toEqual([
      ['SCHEDULED', '02-03T05:00', 0],
      ['CANCELLED', '02-04T19:19', null],
    ]);
  });

  test('diverted: when it should have arrived', () => {
    expect(life('UA-593-EWR-20130207')).toEqual([
      ['SCHEDULED', '02-03T05:00', 0],
      ['DELAYED', '02-07T22:49', 123],
      ['DEPARTED', '02-08T01:22', 123],
      ['DIVERTED', '02-08T07:41', 123],
    ]);
  });

  test('a row knows no more than its moment does', () => {
    const [scheduled, departed, arrived] = lifeOf(find('HA-51-JFK-20130204'), announced).map(
      (step) => recordsOf(step, 0)[0]?.value,
    );
    expect(scheduled).toMatchObject({
      status: 'SCHEDULED',
      departure: null,
      arrival: null,
      airTimeMinutes: null,
    });
    expect(departed).toMatchObject({
      status: 'DEPARTED',
      departure: '2013-02-04T13:57:00.000Z',
      arrival: null,
    });
    expect(arrived).toEqual({
      id: 'HA-51-JFK-20130204',
      carrier: 'HA',
      flightNumber: 51,
      tailNumber: 'N380HA',
      origin: 'JFK',
      destination: 'HNL',
      scheduledDeparture: '2013-02-04T14:00:00.000Z',
      scheduledArrival: '2013-02-05T01:40:00.000Z',
      departure: '2013-02-04T13:57:00.000Z',
      arrival: '2013-02-05T01:21:00.000Z',
      status: 'ARRIVED',
      delayMinutes: -19,
      departureDelayMinutes: -3,
      arrivalDelayMinutes: -19,
      distanceMiles: 4983,
      airTimeMinutes: 655,
    });
  });

  test('an event names its flight, and the tombstone of a row comes without one', () => {
    const [scheduled, , , removed] = lifeOf(find('HA-51-JFK-20130204'), announced);
    expect(recordsOf(scheduled!, 1)[1]).toEqual({
      topic: 'flights.events',
      key: 'HA-51-JFK-20130211',
      value: {
        kind: 'SCHEDULED',
        at: '2013-02-10T05:00:00.000Z',
        flight: 'HA-51-JFK-20130211',
        delayMinutes: 0,
      },
    });
    expect(recordsOf(removed!, 0)).toEqual([
      { topic: 'flights.flights', key: 'HA-51-JFK-20130204', value: null },
    ]);
  });
});

describe('the week', () => {
  test('each flight is announced and ends once; cancelled are those without a time of departure', () => {
    const count = (kind: string) => steps.filter((step) => step.kind === kind).length;
    const lines = readFileSync('data/nyc-flights/flights.csv', 'utf8').trimEnd().split('\n').slice(1);
    const without = lines.filter((line) => line.split(',')[3] === 'NA').length;
    expect(without).toBe(929);
    expect(count('SCHEDULED')).toBe(6_104);
    expect(count('CANCELLED')).toBe(without);
    expect(count('DIVERTED')).toBe(7);
    expect(count('DEPARTED')).toBe(6_104 - without);
    expect(count('ARRIVED') + count('CANCELLED') + count('DIVERTED')).toBe(6_104);
  });

  test('at one minute a second, something changes in four seconds of five, by day and by night', () => {
    const minutes = new Set(steps.map(({ at }) => Math.floor((at - weekBegin) / minute) % (week / minute)));
    expect(minutes.size / (week / minute)).toBeGreaterThan(0.8);
  });
});

/** Some hours of some flights, so that a few passes stay small. */
const few = flightSteps(flights.filter((_, index) => index % 100 === 0));
const once = few.filter(({ kind }) => kind !== 'REMOVED');
const nameOf = ({ at, subject, kind }: Moment) => `${at} ${subject} ${kind}`;

describe('pass after pass', () => {
  test('one pass holds every step once, in order of time', () => {
    const moments = [...momentsFrom(once, weekBegin, 1, null)];
    expect(moments).toHaveLength(once.length);
    expect(new Set(moments.map(nameOf)).size).toBe(once.length);
    expect(moments).toEqual(moments.toSorted(comparePositions));
  });

  test('passes overlap in order of time, a week apart, and rows of the pass before go', () => {
    const moments = [...momentsFrom(few, weekBegin, 3, null)];
    expect(moments).toHaveLength(3 * few.length);
    expect(moments).toEqual(moments.toSorted(comparePositions));
    const rows = new Set<string>();
    let most = 0;
    for (const { records } of moments) {
      for (const { topic, key, value } of records.filter(({ topic }) => topic === 'flights.flights')) {
        expect(topic).toBe('flights.flights');
        if (value === null) rows.delete(key);
        else rows.add(key);
      }
      most = Math.max(most, rows.size);
    }
    expect(rows.size).toBe(0);
    expect(most).toBeLessThan(1.5 * (few.length / 4));
  });

  test('going on behind any moment gives exactly the rest', () => {
    const all = [...momentsFrom(few, weekBegin, 2, null)].map(nameOf);
    const moments = [...momentsFrom(few, weekBegin, 2, null)];
    for (const index of [0, 1, 57, Math.floor(all.length / 2), all.length - 2, all.length - 1]) {
      const rest = [...momentsFrom(few, weekBegin, 2, moments[index]!)].map(nameOf);
      expect(rest).toEqual(all.slice(index + 1));
    }
  });

  test('a loop does not end', () => {
    let count = 0;
    for (const _ of momentsFrom(few, weekBegin, Number.POSITIVE_INFINITY, null)) {
      count += 1;
      if (count === 10 * few.length) break;
    }
    expect(count).toBe(10 * few.length);
  });

  test('the weather of the week comes with every pass, that of the days around it with the first and the last', () => {
    const hourly = observationSteps(
      readWeek().observations.filter(({ airport }) => airport === 'JFK'),
      weekBegin,
    );
    const moments = [...momentsFrom(hourly, weekBegin, 3, null)];
    const times = moments.map(({ at }) => at);
    expect(times).toHaveLength(24 * (1 + 3 * 7 + 1));
    for (const [index, at] of times.entries()) expect(at).toBe(times[0]! + index * hour);
    const [first, second] = [24, 24 + 7 * 24].map((index) => moments[index]?.records[0]?.value);
    expect(second).toEqual({ ...first, observedAt: '2013-02-11T05:00:00.000Z' });
  });
});
