import {
  execute,
  type GraphQLLeafType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getNullableType,
  isAbstractType,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  parse,
} from 'graphql';

/** A number from 0 to below `bound`. */
export type Pick = (bound: number) => number;

/** Numbers drawn from a text: the same text, the same numbers. */
export const drawFrom = (text: string): Pick => {
  let state = 0x811c9dc5;
  for (const character of text) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return (bound) => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
};

const strings = [
  '',
  'a',
  'Zürich 東京 \u{1f6eb}',
  'a "quote", a \\ and a / and \n\t\b\f\r',
  'null',
  '}',
  '\u2028',
  'x'.repeat(70),
];
const unusual = ['\ud800', '\u0001', '\u007f\u0080'];
const values: Readonly<Record<string, readonly unknown[]>> = {
  ID: ['1', '2', 'ü', 'a"b', 'a', '01'],
  Int: [0, -1, 12, 2147483647, -2147483648],
  Float: [0, 1.5, -0.25, 0.1, 123456.789, 1e21, 1e-7, 5],
  Boolean: [true, false],
  Any: [
    1,
    'text',
    { a: [1, { b: null }], c: {} },
    [],
    [[null, 'é']],
    { '': 1.5, '2': 1, '1': 2 },
    true,
    1e300,
  ],
};

/** Ids tell types apart, as a rule. */
const idOf = (parent: string, pick: Pick): string =>
  `${values.ID?.[pick(values.ID.length)]}${pick(10) === 0 ? '' : parent}`;

const drawn = (type: GraphQLOutputType, { parentType, schema }: GraphQLResolveInfo, pick: Pick): unknown => {
  const draw = (of: GraphQLOutputType): unknown => {
    const nullable = getNullableType(of);
    if (!isNonNullType(of) && pick(12) === 0) return null;
    if (isListType(nullable)) return Array.from({ length: pick(4) }, () => draw(nullable.ofType));
    if (isAbstractType(nullable)) {
      const possible = schema.getPossibleTypes(nullable);
      return { __typename: possible[pick(possible.length)]?.name };
    }
    return isLeafType(nullable) ? drawnLeaf(nullable, parentType.name, pick) : {};
  };
  return draw(type);
};

const drawnLeaf = (nullable: GraphQLLeafType, parent: string, pick: Pick): unknown => {
  if (nullable.name === 'ID') return idOf(parent, pick);
  const possible = isEnumType(nullable)
    ? nullable.getValues().map(({ name }) => name)
    : (values[nullable.name] ?? (pick(60) === 0 ? unusual : strings));
  return possible[pick(possible.length)];
};

/** What a subgraph might answer, as JSON: of the right types, in the right order. */
export const randomAnswer = async (
  schema: GraphQLSchema,
  query: string,
  variables: Readonly<Record<string, unknown>>,
  pick: Pick,
): Promise<string> =>
  JSON.stringify(
    await execute({
      schema,
      document: parse(query),
      variableValues: variables,
      fieldResolver: (_source, _given, _context, info) => drawn(info.returnType, info, pick),
    }),
  );

type Spoil = (text: string, pick: Pick) => string;

/** One value, somewhere in the data, becomes something else. */
const withOther =
  (other: (value: unknown, pick: Pick) => unknown): Spoil =>
  (text, pick) => {
    const places: { holder: Record<string, unknown>; key: string }[] = [];
    const answer: unknown = JSON.parse(text);
    const collect = (holder: unknown): void => {
      if (typeof holder !== 'object' || holder === null) return;
      for (const key of Object.keys(holder)) {
        places.push({ holder: holder as Record<string, unknown>, key });
        collect((holder as Record<string, unknown>)[key]);
      }
    };
    collect(answer);
    const place = places[pick(places.length)];
    if (place === undefined) return text;
    const value = other(place.holder[place.key], pick);
    if (value === undefined && !Array.isArray(place.holder)) delete place.holder[place.key];
    else place.holder[place.key] = value ?? null;
    return JSON.stringify(answer);
  };

const others = [null, 0, 7, 1.5, '', 'text', 'HUGE', true, {}, [], [null], { __typename: 'Maker', id: '1' }];

/** The text between two characters, somewhere. */
const withInsert =
  (at: RegExp, insert: string): Spoil =>
  (text, pick) => {
    const places = [...text.matchAll(at)];
    const place = places[pick(Math.max(places.length, 1))];
    if (place === undefined) return text;
    const from = place.index + place[0].length;
    return text.slice(0, from) + insert + text.slice(from);
  };

/** How an answer departs from what is asked, or from how it is usually written. */
export const spoils: Readonly<Record<string, Spoil>> = {
  'another value': withOther((_, pick) => others[pick(others.length)]),
  'a null': withOther(() => null),
  'a missing field': withOther(() => undefined),
  'another field': withOther((value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value, more: 1 } : value,
  ),
  'another order': withOther((value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toReversed())
      : value,
  ),
  'an item less': withOther((value) => (Array.isArray(value) ? value.slice(1) : value)),
  'an item more': withOther((value) => (Array.isArray(value) ? [...value, value[0] ?? null] : value)),
  'another type': withOther((value) =>
    typeof value === 'object' && value !== null && '__typename' in value
      ? { ...value, __typename: 'Box' }
      : value,
  ),
  'line breaks': (text) => JSON.stringify(JSON.parse(text), null, 1),
  'a space': withInsert(/[{[,:]/g, ' '),
  'a line break at the end': (text) => `${text}\r\n \t`,
  'a byte order mark': (text) => `\ufeff${text}`,
  'half of it': (text, pick) => text.slice(0, pick(text.length)),
  'more behind it': (text) => `${text}}`,
  nothing: () => '',
  'an escaped slash': withInsert(/[a-z](?=")/g, '\\/'),
  'escaped letters': withInsert(/[a-z](?=")/g, '\\u0041\\u00fc'),
  'an escape that is none': withInsert(/[a-z](?=")/g, '\\x'),
  'a control character': withInsert(/[a-z](?=")/g, '\u0007'),
  'a zero in front': withInsert(/[:[](?=\d)/g, '0'),
  'a minus': withInsert(/[:[](?=\d)/g, '-'),
  'an exponent': withInsert(/\d(?=[,}\]])/g, 'e2'),
  'a fraction': withInsert(/[:[,]\d+(?=[,}\]])/g, '.0'),
  'more digits': withInsert(/[:[,]\d+(?=[,}\]])/g, '12345678901234567'),
  'a key twice': withInsert(/\{(?="id")/g, '"id":"x",'),
  'an error beside data': (text) => `${text.slice(0, -1)},"errors":[{"message":"so"}]}`,
  'an error at a place': (text) =>
    `${text.slice(0, -1)},"errors":[{"message":"so","path":["_entities",0,"stock"]}]}`,
  'errors alone': () => '{"errors":[{"message":"so"}]}',
  'no errors': (text) => `${text.slice(0, -1)},"errors":[]}`,
  'no data': () => '{"data":null}',
  extensions: (text) => `${text.slice(0, -1)},"extensions":{"a":1}}`,
  'errors first': (text) => `{"errors":[{"message":"so","path":[]}],${text.slice(1)}`,
};
