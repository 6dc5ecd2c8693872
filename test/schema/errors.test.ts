import { expect, test } from 'vitest';
import { errorMappings, TributaryError } from '../../schema/errors.ts';

test('the same request never cures a CONFLICT: the state must be read again', () => {
  expect(errorMappings.CONFLICT.retryable).toBe(false);
  expect(new TributaryError('CONFLICT', 'The flight has left.').extensions).toEqual({ code: 'CONFLICT' });
});
