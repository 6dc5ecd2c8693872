/** Where lines of usage go besides the file; the gateway knows no more of it. */
export interface UsageSink {
  /** For the log and health, such as `topic graph.usage`; each sink has its own. */
  readonly name: string;
  /**
   * Writes lines (docs/reference/usage.md), one call at a time. Rejects with a TributaryError that may be retried when
   * the lines shall be given again; whatever else it rejects with, they are lost.
   */
  write(lines: readonly string[]): Promise<void>;
}
