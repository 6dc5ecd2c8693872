import { didYouMean } from '../../schema/mistakes/index.ts';
import type { Mistake } from '../mistakes.ts';
import { type Located, type Place, shown } from './located.ts';
import type { Reader } from './reader.ts';

export const unknownKey = (place: Place, path: string, key: string, known: readonly string[]): Mistake => ({
  ...place,
  message: `"${path}" is no setting.`,
  cure: didYouMean(key, known, `Here may stand: ${known.join(', ')}.`),
});

/** The value, or the fallback with a mistake. */
export const readOr = <T>(
  fallback: T,
  reader: Reader<T>,
  path: string,
  located: Located,
  mistakes: Mistake[],
): T => {
  const value = reader.read(located);
  if (value !== undefined) return value;
  const { item } = reader;
  if (item !== undefined && located.kind === 'list') {
    for (const [index, one] of located.items.entries())
      readOr(null, item, `${path}[${index}]`, one, mistakes);
    return fallback;
  }
  const key = path.split('.').at(-1) ?? path;
  mistakes.push({
    ...located.place,
    message: `${path} is ${shown(located)}, but must be ${reader.expects}.`,
    cure:
      located.place.line === null
        ? `Set it to a value such as ${reader.example.replace(/^\[(.*)\]$/, '$1')}, or unset it.`
        : `Write for example: ${key.endsWith(']') ? '-' : `${key}:`} ${reader.example}`,
  });
  return fallback;
};
