import type { Position } from '../../../../schema/position.ts';
import type { ViewBatch } from '../view.ts';

/** Where a view that Redis lost is read from again: its topic. */
export interface ViewSource {
  /** Last stable offset of each partition now. */
  latest(): Promise<Position>;
  /** The records of one partition from `from` (inclusive) to `until` (exclusive), less what retention removed. */
  replay(partition: number, from: number, until: number, signal: AbortSignal): AsyncIterable<ViewBatch>;
}
