/**
 * What a fault run writes and its checker reads; described in docs/testing/fault-run.md. The checker imports nothing else
 * of the repository.
 */

export type Transport = 'ws' | 'sse';

/** One line for each event that came on the wire, before anything looks for doubles. */
export interface Delivery {
  readonly client: string;
  readonly transport: Transport;
  /** Root field. */
  readonly operation: string;
  readonly topic: string;
  /** Place of the record; null for RESET and UP_TO_DATE, which have none. */
  readonly partition: number | null;
  readonly offset: number | null;
  readonly key: string | null;
  /** As the record counts itself; null where the event carries no row. */
  readonly seq: number | null;
  /** Of change streams only. */
  readonly kind?: ChangeKind;
  /** Codes of the errors beside the data, such as a join that was late. */
  readonly errors?: readonly string[];
  /** Milliseconds since 1970, by the client's clock. */
  readonly receivedAt: number;
}

export type ChangeKind = 'RESET' | 'SNAPSHOT' | 'UP_TO_DATE' | 'UPSERT' | 'DELETE';

/** A line for each connection that was accepted; `connected` counts those of the client from 1. */
export interface Connection {
  readonly client: string;
  readonly transport: Transport;
  readonly connected: number;
  readonly to: string;
  readonly receivedAt: number;
}

/** A line for each operation that ended by errors, although nobody asked for its end. */
export interface Failure {
  readonly client: string;
  readonly transport: Transport;
  readonly failed: string;
  /** The client may come back with its cursor; otherwise it has lost its stream. */
  readonly retryable: boolean;
  readonly receivedAt: number;
}

export type LogLine = Delivery | Connection | Failure;

/** What a client asks for, in the topic's own terms. */
export interface ClientDeclaration {
  readonly client: string;
  readonly transport: Transport;
  readonly operation: string;
  readonly topic: string;
  readonly stream: 'EVENTS' | 'CHANGES';
  /** Members of the record's value, each with what it must be, or be one of. */
  readonly where: Readonly<Record<string, readonly string[]>>;
  /** Next offsets by partition where the client begins; a partition that is not there begins at 0. Events only. */
  readonly from: readonly number[];
  /** It stops reading at times, so that its delays say nothing of the system. */
  readonly slow: boolean;
}

/** run.json */
export interface RunDescription {
  readonly seed: number;
  readonly brokers: readonly string[];
  readonly clients: readonly ClientDeclaration[];
}

/** A line of faults.jsonl, written when the fault is over. */
export interface FaultLine {
  readonly fault: string;
  readonly target: string;
  readonly at: number;
  /** When what was broken stood again, in itself; clients may take longer. */
  readonly until: number;
}

/** A line of written.jsonl: a record that Kafka acknowledged. */
export interface WrittenLine {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly seq: number;
}
