import { describe, expect, test } from 'vitest';
import { parseCsv } from '../../data/replay/csv.ts';
import { type Flight, flightId, readFlight } from '../../data/replay/flight.ts';
import { minute, nextLocalTime, offsetAt } from '../../data/replay/local-time.ts';
import { readWeek } from '../../data/replay/week.ts';

const header =
  'year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,carrier,flight,tailnum,origin,dest,air_time,distance,hour,minute,time_hour';
const zones: Readonly<Record<string, string>> = {
  PDX: 'America/Los_Angeles',
  SYR: 'America/New_York',
  PHX: 'America/Phoenix',
  HNL: 'Pacific/Honolulu',
  MDW: 'America/Chicago',
  DCA: 'America/New_York',
};

/** A line of flights.csv, and its times in UTC as a person would work them out. */
const read = (line: string): Flight =>
  parseCsv(`${header}\n${line}\n`, 'flights.csv').map((row) =>
    readFlight(row, (faa) => zones[faa] ?? null),
  )[0]!;

const times = (flight: Flight) =>
  [flight.scheduledDeparture, flight.departure, flight.scheduledArrival, flight.arrival].map((time) =>
    time === null ? null : new Date(time).toISOString().slice(5, 16),
  );

describe('local times become UTC', () => {
  test('an arrival at 2400 in the zone of the destination is the next day in UTC', () => {
    const flight = read(
      '2013,2,7,2053,2040,13,2400,2358,2,B6,165,N662JB,JFK,PDX,341,2454,20,40,2013-02-08T01:00:00Z',
    );
    expect(times(flight)).toEqual(['02-08T01:40', '02-08T01:53', '02-08T07:58', '02-08T08:00']);
    expect(flightId(flight, 0)).toBe('B6-165-JFK-20130207');
  });

  test('a flight that leaves after midnight keeps the date of its schedule', () => {
    const flight = read(
      '2013,2,6,6,2249,77,102,2356,66,B6,22,N187JB,JFK,SYR,41,209,22,49,2013-02-07T03:00:00Z',
    );
    expect(times(flight)).toEqual(['02-07T03:49', '02-07T05:06', '02-07T04:56', '02-07T06:02']);
    expect(flightId(flight, 0)).toBe('B6-22-JFK-20130206');
  });

  test('a zone without summer time', () => {
    const flight = read(
      '2013,2,4,634,635,-1,1001,1019,-18,UA,849,N492UA,EWR,PHX,304,2133,6,35,2013-02-04T11:00:00Z',
    );
    expect(times(flight)).toEqual(['02-04T11:35', '02-04T11:34', '02-04T17:19', '02-04T17:01']);
    const july = Date.parse('2013-07-01T12:00:00Z');
    expect(offsetAt('America/Phoenix', july)).toBe(-7 * 60 * minute);
    expect(offsetAt('America/New_York', july)).toBe(-4 * 60 * minute);
  });

  test('ten hours to Honolulu cross five zones', () => {
    const flight = read(
      '2013,2,4,857,900,-3,1521,1540,-19,HA,51,N380HA,JFK,HNL,655,4983,9,0,2013-02-04T14:00:00Z',
    );
    expect(times(flight)).toEqual(['02-04T14:00', '02-04T13:57', '02-05T01:40', '02-05T01:21']);
  });

  test('clocks that change on the way', () => {
    const eveningBefore = Date.parse('2013-03-10T04:30:00Z');
    expect(new Date(nextLocalTime('America/New_York', eveningBefore, 600)).toISOString()).toBe(
      '2013-03-10T10:00:00.000Z',
    );
  });

  test('a destination without a zone has no times of arrival', () => {
    const flight = read(
      '2013,2,5,2039,1855,104,127,2355,92,AA,1613,N5CHAA,JFK,SJU,192,1598,18,55,2013-02-05T23:00:00Z',
    );
    expect(times(flight)).toEqual(['02-05T23:55', '02-06T01:39', null, null]);
    expect(flight).toMatchObject({ outcome: 'ARRIVED', arrivalDelay: 92 });
  });

  test('an arrival without a recorded delay takes it from the clocks', () => {
    const flight = read(
      '2013,2,7,1813,1805,8,2148,1935,NA,WN,389,N415WN,LGA,MDW,NA,725,18,5,2013-02-07T23:00:00Z',
    );
    expect(flight).toMatchObject({ outcome: 'ARRIVED', arrivalDelay: 133, airTimeMinutes: null });
  });

  test('a cancelled flight never leaves', () => {
    const flight = read(
      '2013,2,4,NA,1619,NA,NA,1726,NA,EV,4299,N12563,EWR,DCA,NA,199,16,19,2013-02-04T21:00:00Z',
    );
    expect(times(flight)).toEqual(['02-04T21:19', null, '02-04T22:26', null]);
    expect(flight.outcome).toBe('CANCELLED');
  });
});

describe('the whole week', () => {
  const { flights, airports } = readWeek();

  test('every line is read, and ids are unique', () => {
    expect(airports).toHaveLength(1_458);
    expect(flights).toHaveLength(6_104);
    expect(new Set(flights.map((flight) => flightId(flight, 0))).size).toBe(6_104);
    expect(flightId(flights[0]!, 1)).toBe('US-1117-EWR-20130211');
  });

  test('the arrivals worked out from clocks and zones agree with the delays that were recorded', () => {
    const known = flights.filter(
      ({ arrival, scheduledArrival }) => arrival !== null && scheduledArrival !== null,
    );
    expect(known.length).toBeGreaterThan(5_000);
    for (const flight of known) {
      expect((flight.arrival! - flight.scheduledArrival!) / minute, flightId(flight, 0)).toBe(
        flight.arrivalDelay,
      );
    }
  });
});

describe('a file that is not as expected', () => {
  test.each([
    ['a,b\n1,2\n3\n', 'x.csv:3: 1 fields, but the header names 2.'],
    ['a,b\n"1",2\n', 'x.csv:2: quoted fields are not supported.'],
  ])('%j is refused with its line', (text, message) => {
    expect(() => parseCsv(text, 'x.csv')).toThrow(message);
  });

  test('a column that is missing or no number is named', () => {
    expect(() =>
      read('2013,2,x,857,900,-3,1521,1540,-19,HA,51,N380HA,JFK,HNL,655,4983,9,0,2013-02-04T14:00:00Z'),
    ).toThrow('Column day: "x" is no number.');
    expect(() => readFlight({}, () => null)).toThrow('Column dep_delay is missing');
  });
});
