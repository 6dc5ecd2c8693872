import { describe, expect, test } from 'vitest';
import { dateTime } from '../../../subgraphs/kit/graphql/scalars.ts';

describe('DateTime', () => {
  test.each([
    ['2013-02-08T18:00:00Z', '2013-02-08T18:00:00.000Z'],
    ['2013-02-08t18:00:00.123456+01:00', '2013-02-08T17:00:00.123Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
  ])('%s is the text that rows hold for it', (given, held) => {
    expect(dateTime.parseValue(given)).toBe(held);
  });

  test.each(['2013-02-30T00:00:00Z', '2013-02-08', '2013-02-08T18:00:00', 'soon', 7, null])(
    '%s is refused with what to write',
    (given) => {
      expect(() => dateTime.parseValue(given)).toThrow('write an RFC 3339 time with a zone');
    },
  );
});
