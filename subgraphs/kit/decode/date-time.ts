const pattern =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/** Outside the years 0 to 9999 the text gets a sign or a fifth digit, and the order of texts is no longer that of times. */
const firstMs = Date.parse('0000-01-01T00:00:00.000Z');
const lastMs = Date.parse('9999-12-31T23:59:59.999Z');

/** `2013-02-04T10:00:00.000Z` for a time in milliseconds since 1970; null where it has no such text. */
export const dateTimeOfMs = (ms: number): string | null =>
  Number.isInteger(ms) && ms >= firstMs && ms <= lastMs ? new Date(ms).toISOString() : null;

/** The canonical text of an RFC 3339 date-time; digits beyond milliseconds are cut. Null where it is none. */
export const dateTimeOfText = (text: string): string | null => {
  const match = pattern.exec(text);
  if (match === null) return null;
  const [
    ,
    year,
    month,
    day,
    hour,
    minute,
    second,
    fraction = '',
    sign,
    offsetHour = '0',
    offsetMinute = '0',
  ] = match;
  const time = new Date(0);
  time.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const isRealDay = time.getUTCMonth() === Number(month) - 1 && time.getUTCDate() === Number(day);
  // Second 60 is a leap second (RFC 3339, 5.7): the first moment after it.
  const isRealTime = Number(hour) <= 23 && Number(minute) <= 59 && Number(second) <= 60;
  if (!isRealDay || !isRealTime || Number(offsetHour) > 23 || Number(offsetMinute) > 59) return null;
  const milliseconds = Number(fraction.padEnd(3, '0').slice(0, 3));
  const ms = time.setUTCHours(Number(hour), Number(minute), Number(second), milliseconds);
  const offsetMs = (Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000;
  return dateTimeOfMs(sign === '-' ? ms + offsetMs : ms - offsetMs);
};
