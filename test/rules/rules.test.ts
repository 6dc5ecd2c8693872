import { expect, test } from 'vitest';
import { rules } from './rules.ts';
import { testsByRule } from './tests-by-rule.ts';

test.each(Object.entries(rules))('%s has a test whose name begins with it: %s', (rule) => {
  expect(testsByRule().get(rule) ?? []).not.toEqual([]);
});

test('no test names a rule that there is none of', () => {
  expect([...testsByRule().keys()].filter((rule) => !Object.hasOwn(rules, rule))).toEqual([]);
});
