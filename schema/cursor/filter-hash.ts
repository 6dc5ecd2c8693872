/**
 * The hash of a stream's filter (S8): of the field and its explicitly given non-null arguments, whatever their order,
 * without the argument that gives the position. 32 bits unsigned, FNV-1a over the canonical form.
 */
export const filterHash = (
  field: string,
  args: Readonly<Record<string, unknown>>,
  cursorArgument: string | null = 'from',
): number => {
  const given = Object.entries(args)
    .filter(([name, value]) => name !== cursorArgument && value !== null && value !== undefined)
    .sort(byName)
    .map(([name, value]) => `${name}:${canonical(value)}`);
  return fnv1a(`${field}(${given.join(',')})`);
};

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : a > b ? 1 : 0;

/** JSON with sorted keys. Nulls inside an input object stay: there they say something. */
const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null || value instanceof Date) {
    return JSON.stringify(value) ?? 'null';
  }
  const entries = Object.entries(value).sort(byName);
  return `{${entries.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join(',')}}`;
};

const fnv1a = (text: string): number => {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
};
