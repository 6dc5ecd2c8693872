import type { Delivery } from './format.ts';
import type { TopicRecord } from './topic.ts';

/** What is wrong with a stream. All of it 0 is the promise. */
export interface Faults {
  /** Records that match, came not, and were followed by later ones of their partition. */
  lost: number;
  /** Deliveries of a record that the client had. */
  twice: number;
  /** Deliveries behind a later one: of the partition for events, of the key for changes. */
  disordered: number;
  /** Deliveries that are not what the topic has at their place, or that the filter excludes. */
  wrong: number;
  /** What the client misses at the end: events that did not come, rows that differ, a snapshot that did not end. */
  behind: number;
}

export const noFaults = (): Faults => ({ lost: 0, twice: 0, disordered: 0, wrong: 0, behind: 0 });

/** Judges the stream of one client, line by line. */
export interface StreamJudge {
  /** Takes a delivery; gives the record that it is of, null where it is of none. */
  take(delivery: Delivery): TopicRecord | null;
  /** Everything that the topic has for this client is there. */
  readonly complete: boolean;
  finish(): Faults;
}
