import { GraphQLError } from 'graphql';
import { expect, test } from 'vitest';
import { refusalOf } from '../../../gateway/generation/variables.ts';

test('a fault in planning is told by its id, the log has the rest', () => {
  const logged: unknown[][] = [];
  const fault = new TypeError('We should have an edge from Work(reviews) for __typename');
  const [error, ...more] = refusalOf(fault, { warn: (...entry) => void logged.push(entry) });
  expect(more).toEqual([]);
  expect(error?.extensions).toEqual({ code: 'INTERNAL', id: expect.stringMatching(/^[\w-]{36}$/) });
  expect(error?.message).toBe(`The operation cannot be planned; see the log for ${error?.extensions.id}.`);
  expect(logged).toEqual([[{ err: fault, id: error?.extensions.id }, 'an operation could not be planned']]);
});

test('what is meant for clients is told as it is', () => {
  const error = new GraphQLError('no such field');
  expect(refusalOf(error, undefined)).toEqual([error]);
});
