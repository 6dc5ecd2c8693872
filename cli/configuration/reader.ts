import type { Located } from './located.ts';

/** Turns a located value into what the program works with. */
export interface Reader<T> {
  /** Ends the sentence "… is x, but must be". */
  readonly expects: string;
  /** How it is written in the file. */
  readonly example: string;
  /** Undefined when the value is not what is expected. */
  readonly read: (located: Located) => T | undefined;
  /** Of a list: reads one of it, so that a message can point at the one that is wrong. */
  readonly item?: Reader<unknown>;
}

const scalar =
  <T>(take: (value: string | number | boolean) => T | undefined) =>
  (located: Located): T | undefined =>
    located.kind === 'scalar' && located.value !== null ? take(located.value) : undefined;

/** `example` is the value alone, as written behind the key. */
export const text = (expects: string, example: string, accepts: RegExp = /\S/): Reader<string> => ({
  expects,
  example,
  read: scalar((value) => (typeof value === 'string' && accepts.test(value) ? value : undefined)),
});

/** Numbers come as numbers from the file and as text from the environment; bounds are inclusive. */
export const number = (options: {
  readonly expects: string;
  readonly example: string;
  readonly minimum: number;
  readonly maximum?: number;
  readonly whole?: boolean;
}): Reader<number> => ({
  expects: options.expects,
  example: options.example,
  read: scalar((value) => {
    const found = typeof value === 'string' && /^[\d.]+$/.test(value) ? Number(value) : value;
    if (typeof found !== 'number' || !Number.isFinite(found)) return undefined;
    if (options.whole === true && !Number.isSafeInteger(found)) return undefined;
    return found >= options.minimum && found <= (options.maximum ?? Number.MAX_VALUE) ? found : undefined;
  }),
});

export const oneOf = <T extends string>(values: readonly T[], example: T): Reader<T> => ({
  expects: `one of ${values.join(', ')}`,
  example,
  read: scalar((value) => values.find((candidate) => candidate === value)),
});

/** `true` and `false`, from the file or as the text of the environment. */
export const flag: Reader<boolean> = {
  expects: 'true or false',
  example: 'true',
  read: scalar((value) => (['true', 'false'].includes(String(value)) ? String(value) === 'true' : undefined)),
};

/** A list, one value alone, or values divided by commas, as the environment has them. */
export const listOf = <T>(item: Reader<T>): Reader<readonly T[]> => ({
  expects: `a list, each ${item.expects}`,
  example: `[${item.example}]`,
  item,
  read: (located) => {
    const items = located.kind === 'list' ? located.items : splitAtCommas(located);
    const values = items.map(item.read);
    return values.every((value) => value !== undefined) ? values : undefined;
  },
});

const splitAtCommas = (located: Located): readonly Located[] =>
  located.kind === 'scalar' && typeof located.value === 'string'
    ? located.value.split(',').map((value) => ({ ...located, value: value.trim() }))
    : [located];
