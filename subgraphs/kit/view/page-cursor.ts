import { createHash } from 'node:crypto';
import type { OrderDescription } from '../../../schema/description.ts';
import { TributaryError } from '../../../schema/errors.ts';
import type { ColumnValue } from './sqlite-layout.ts';

/** Where a page goes on: behind the row with these values of the order fields, and this key. */
export interface PageCursor {
  readonly values: readonly ColumnValue[];
  readonly key: string;
}

/** What `after` takes: opaque, for one order; filters may change between pages. */
export function encodePageCursor(orderBy: readonly OrderDescription[], cursor: PageCursor): string {
  return Buffer.from(JSON.stringify([orderTag(orderBy), ...cursor.values, cursor.key])).toString('base64url');
}

/** Throws BAD_USER_INPUT for what `encodePageCursor` did not make, or made for another order. */
export function decodePageCursor(orderBy: readonly OrderDescription[], after: string): PageCursor {
  const parts = parsed(after);
  const key = parts?.at(-1);
  const values = parts?.slice(1, -1) ?? [];
  if (
    parts?.[0] !== orderTag(orderBy) ||
    typeof key !== 'string' ||
    parts.length !== orderBy.length + 2 ||
    !values.every(isColumnValue)
  ) {
    throw new TributaryError(
      'BAD_USER_INPUT',
      'Argument "after" is not a cursor of this field. Give it the endCursor of the page before, or leave it out to begin at the first page.',
      { details: { argument: 'after' } },
    );
  }
  return { values, key };
}

function parsed(after: string): readonly unknown[] | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(after, 'base64url').toString());
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

const isColumnValue = (value: unknown): value is ColumnValue =>
  value === null || typeof value === 'string' || typeof value === 'number';

const orderTag = (orderBy: readonly OrderDescription[]): string =>
  createHash('sha256')
    .update(JSON.stringify(orderBy.map((o) => [o.field, o.descending])))
    .digest('base64url')
    .slice(0, 6);
