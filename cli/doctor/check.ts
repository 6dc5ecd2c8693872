/** What a check found. */
export type Finding =
  | { readonly kind: 'GOOD'; readonly detail: string }
  /** Nothing to check, and nothing wrong with that. */
  | { readonly kind: 'SKIPPED'; readonly detail: string }
  /** It works, and somebody should see to it. */
  | { readonly kind: 'WARN'; readonly warnings: readonly Warning[] }
  | { readonly kind: 'BAD'; readonly detail: string; readonly cure: string };

export interface Warning {
  readonly detail: string;
  readonly cure: string;
}

/** One line of the doctor. */
export interface Check {
  readonly name: string;
  run(): Promise<Finding>;
}

export const good = (detail: string): Finding => ({ kind: 'GOOD', detail });
export const skipped = (detail: string): Finding => ({ kind: 'SKIPPED', detail });
export const bad = (detail: string, cure: string): Finding => ({ kind: 'BAD', detail, cure });

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
