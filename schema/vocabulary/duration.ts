const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a duration such as `90s`, `30m`, `24h` or `7d`; null for anything else, and for none at all. */
export const parseDuration = (text: string): number | null => {
  const parts = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  const length = Number(parts?.[1] ?? 0) * (units[parts?.[2] ?? ''] ?? 0);
  return length > 0 ? length : null;
};
