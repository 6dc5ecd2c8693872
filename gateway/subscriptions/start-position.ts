import type { Cursor } from '../../schema/cursor/cursor.ts';

/**
 * Where a client wants to begin (S7); without one: a snapshot where the field has one, else from now on.
 */
export type StartPosition =
  | { readonly kind: 'CURSOR'; readonly text: string; readonly cursor: Cursor }
  /** To be written in as the root field's `argument`, by the plan of whichever generation it is asked in (S19). */
  | { readonly kind: 'FROM'; readonly argument: string; readonly text: string }
  /** From now on, without a snapshot. */
  | { readonly kind: 'LATEST' };

/** One that the subgraph is asked for; null: the snapshot. */
export type CatchUpPosition = Exclude<StartPosition, { readonly kind: 'LATEST' }> | null;
