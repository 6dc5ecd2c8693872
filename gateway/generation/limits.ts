export interface GenerationLimits {
  /** Prepared operations kept; the least recently used one goes. Default 1,000. */
  readonly operations: number;
  /** Bytes of memory, estimated, of what is compiled of them; the least recently used one goes, and is compiled again when it comes again. Default 128 MiB. */
  readonly compiledBytes: number;
  /** Representations in one `_entities` call of a subscription's joins; more are sent in several. Default 500 (S17). */
  readonly representations: number;
  /** Ways to one field that planning compares; an operation with more is refused. Default 256. */
  readonly planOptions: number;
  /** Milliseconds for the joins of an event, however many follow each other; then null and SUBGRAPH_TIMEOUT. Default 2,000 (S17). */
  readonly joinDeadlineMs: number;
}

export const defaultLimits: GenerationLimits = {
  operations: 1000,
  compiledBytes: 128 * 1024 * 1024,
  representations: 500,
  planOptions: 256,
  joinDeadlineMs: 2000,
};
