import { expect, test } from 'vitest';
import { requestIdOf } from '../../schema/request-id.ts';

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

test('an id that can stand on a log line is taken, another one replaced', () => {
  expect(requestIdOf('01ARZ3/NDEK:1;a=b')).toBe('01ARZ3/NDEK:1;a=b');
  expect(requestIdOf('x'.repeat(128))).toBe('x'.repeat(128));
  for (const given of [undefined, '', 'x'.repeat(129), 'a b', 'a\nb', 'ä', ['a', 'b']])
    expect(requestIdOf(given)).toMatch(uuid);
  expect(requestIdOf(undefined)).not.toBe(requestIdOf(undefined));
});
