export interface GenerationLimits {
  /** Prepared operations kept; the least recently used one goes. Default 1,000. */
  readonly operations: number;
  /** Representations in one `_entities` call of a subscription's joins; more are sent in several. Default 500 (S17). */
  readonly representations: number;
  /** Milliseconds for the joins of an event, however many follow each other; then null and SUBGRAPH_TIMEOUT. Default 2,000 (S17). */
  readonly joinDeadlineMs: number;
}

export const defaultLimits: GenerationLimits = {
  operations: 1000,
  representations: 500,
  joinDeadlineMs: 2000,
};
