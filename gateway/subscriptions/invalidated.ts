import type { GraphQLFormattedError } from 'graphql';
import { TributaryError } from '../../schema/errors.ts';
import { formatted } from '../errors.ts';

/** What clients are told of an operation that another schema gave another meaning (S19). */
export const invalidated = (field: string, reason: string): GraphQLFormattedError =>
  formatted(
    new TributaryError(
      'SUBSCRIPTION_INVALIDATED',
      `The schema changed, and with it the subscription of "${field}": ${reason} Subscribe again by the new schema; the cursor of this error is the last one.`,
    ),
  );

/** Adds where a client stood when its operation was invalidated, so that it can go on by another operation. */
export const withLastCursor = (
  errors: readonly GraphQLFormattedError[] | null,
  cursor: string | null,
): readonly GraphQLFormattedError[] | null =>
  errors?.map((error) =>
    error.extensions?.code === 'SUBSCRIPTION_INVALIDATED' && cursor !== null
      ? { ...error, extensions: { ...error.extensions, cursor } }
      : error,
  ) ?? null;
