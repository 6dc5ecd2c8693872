/** Bounds of catch-ups in one subgraph process. Each says what happens beyond it. */
export interface CatchUpLimits {
  /** Side fetches at once; who needs another one waits for its turn (S22). */
  readonly sideFetches: number;
  /** Clients that come at once are gathered, so that one side fetch serves them: until none came for so many milliseconds. */
  readonly gatherMs: number;
  /** But no longer than so many milliseconds from the first of them. */
  readonly gatherMostMs: number;
  /** Clients that wait for a side fetch; one more is answered with NOT_YET. */
  readonly queueLength: number;
  /** Milliseconds that a client waits for a side fetch; then NOT_YET. */
  readonly queueMs: number;
  /** Records that a side fetch may bring a client ahead of what it takes; then it waits for the client. */
  readonly chunkRecords: number;
  /** The same in bytes of records. */
  readonly chunkBytes: number;
  /**
   * Milliseconds that a side fetch waits for clients which take nothing; then they are detached: what waits for them
   * is dropped, and they go on from their own position by another side fetch when they take again.
   */
  readonly stallMs: number;
  /** Milliseconds, at least, that the slower half of the clients has behind the faster one; then it is detached. */
  readonly patienceMs: number;
  /** Records that a client which joins a side fetch has to see pass; beyond it another is opened, where one is free. */
  readonly nearRecords: number;
  /** Milliseconds in which Kafka gives a side fetch nothing; then its clients are answered with KAFKA_UNAVAILABLE. */
  readonly silenceMs: number;
}

export const catchUpLimits: CatchUpLimits = {
  sideFetches: 4,
  gatherMs: 50,
  gatherMostMs: 500,
  queueLength: 10_000,
  queueMs: 30_000,
  chunkRecords: 1_000,
  chunkBytes: 1024 * 1024,
  stallMs: 30_000,
  patienceMs: 1_000,
  nearRecords: 100_000,
  silenceMs: 30_000,
};
