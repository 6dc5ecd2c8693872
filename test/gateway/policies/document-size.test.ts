import { buildSchema, getIntrospectionQuery, parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { defaultLimits } from '../../../gateway/index.ts';
import { documentSizeRule } from '../../../gateway/policies/document-size.ts';

const schema = buildSchema('type Query { t: T n: Int } type T { t: T l: [T] n: Int }');

const mistakes = (text: string): readonly string[] =>
  validate(schema, parse(text), [documentSizeRule(defaultLimits)]).map(({ message }) => message);

/** Two spreads of the next one in each: a few tokens that stand for 2^100 fields. */
const bomb = `{ t { ...F0 } } ${Array.from(
  { length: 100 },
  (_, index) => `fragment F${index} on T { t { ...F${index + 1} } l { ...F${index + 1} } }`,
).join(' ')} fragment F100 on T { n }`;

describe('the size of a document', () => {
  test.each([
    ['depth', `{ t ${'{ t '.repeat(30)} { n } ${'}'.repeat(30)} }`, ['documentDepth']],
    ['fields', `{ ${'n '.repeat(2_001)} }`, ['documentFields']],
    [
      'aliases',
      `{ ${Array.from({ length: 101 }, (_, index) => `a${index}: n`).join(' ')} }`,
      ['documentAliases'],
    ],
    ['fragments that double each other', bomb, ['documentDepth', 'documentFields']],
  ])('%s beyond the bound are refused with the name of the bound', (_name, text, bounds) => {
    expect(mistakes(text)).toEqual(
      bounds.map((bound) => expect.stringMatching(new RegExp(`raise gateway\\.limits\\.${bound}\\.$`))),
    );
  });

  test('what tools and pages ask passes, and a cycle of fragments ends', () => {
    expect(mistakes(getIntrospectionQuery({ descriptions: true, inputValueDeprecation: true }))).toEqual([]);
    expect(mistakes('{ t { ...A } } fragment A on T { t { ...A } }')).toEqual([]);
  });
});
