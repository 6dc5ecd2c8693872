export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;
export const week = 7 * day;

const formats = new Map<string, Intl.DateTimeFormat>();

const formatOf = (zone: string): Intl.DateTimeFormat => {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  formats.set(zone, format);
  return format;
};

/** Milliseconds that the zone (IANA name) is ahead of UTC at a moment; negative in the west. */
export const offsetAt = (zone: string, moment: number): number => {
  const name = formatOf(zone)
    .formatToParts(moment)
    .find((part) => part.type === 'timeZoneName')?.value;
  const match = /^GMT(?:([+-])(\d\d):(\d\d))?$/.exec(name ?? '');
  if (match === null) throw new Error(`Time zone ${zone}: cannot read the offset "${name}".`);
  const [, sign, hours, minutes] = match;
  if (sign === undefined) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * hour + Number(minutes) * minute);
};

/**
 * The first moment at or after `from` at which clocks of the zone show `time` (HHMM as a number: 517 is 05:17, 2400 is
 * midnight). An hour that is skipped in spring gives the moment an hour later, as clocks do.
 */
export const nextLocalTime = (zone: string, from: number, time: number): number => {
  const wanted = (Math.floor(time / 100) * hour + (time % 100) * minute) % day;
  const offset = offsetAt(zone, from);
  const shown = modulo(from + offset, day);
  const candidate = from + modulo(wanted - shown, day);
  return candidate + offset - offsetAt(zone, candidate);
};

/** The remainder that is never negative. */
export const modulo = (value: number, by: number): number => ((value % by) + by) % by;
