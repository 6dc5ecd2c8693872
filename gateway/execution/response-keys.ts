import type { FieldNode } from 'graphql';

/**
 * The keys of an operation's answers, as the planner has them. It takes fields of one key for one field, which they need
 * not be: see generation/safe-aliases.ts.
 */
export interface ResponseKeys {
  /** The key in fetches and in what they give, for a field with this key in the client's answer. */
  plannedKey(key: string, field: FieldNode): string;
  /** The client's key for one of those. */
  clientKey(key: string): string;
}
