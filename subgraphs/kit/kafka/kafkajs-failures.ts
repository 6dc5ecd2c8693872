import { TributaryError } from '../../../schema/errors.ts';

/** What a failed write means for the records. */
export type WriteFailure =
  /** The broker said no, and the same records would be refused again: nothing was written. */
  | { readonly kind: 'refused'; readonly type: string; readonly splits: boolean; readonly cause: unknown }
  /** The broker lost track of our sequence numbers: nothing was written, a new producer may try again. */
  | { readonly kind: 'sequence'; readonly cause: unknown }
  /** No answer, or none that tells: the records may have been written. */
  | { readonly kind: 'unknown'; readonly cause: unknown };

/** Refusals that concern single records, so that the others of the batch are worth another try. */
const ofSingleRecords = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_TIMESTAMP',
  'INVALID_RECORD',
]);
const ofSequence = new Set(['OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID', 'INVALID_PRODUCER_EPOCH']);
/** Codes that kafkajs has no name for. */
const names: Readonly<Record<number, string>> = { 44: 'POLICY_VIOLATION', 87: 'INVALID_RECORD' };

export const writeFailureOf = (error: unknown): WriteFailure => {
  const found = protocolErrorOf(error);
  if (found === null) return { kind: 'unknown', cause: error };
  if (ofSequence.has(found.type)) return { kind: 'sequence', cause: error };
  if (found.retriable) return { kind: 'unknown', cause: error };
  const type = names[found.code] ?? found.type;
  return { kind: 'refused', type, splits: ofSingleRecords.has(type), cause: error };
};

const protocolErrorOf = (
  error: unknown,
): { readonly type: string; readonly code: number; readonly retriable: boolean } | null => {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (!('type' in at && 'code' in at && 'retriable' in at)) continue;
    const { type, code, retriable } = at;
    if (typeof type === 'string' && typeof code === 'number')
      return { type, code, retriable: retriable === true };
  }
  return null;
};

export const refusedError = (topic: string, type: string, cause: unknown): TributaryError => {
  const cure = cures[type] ?? 'Look at the configuration of the topic and the rights of the client.';
  return new TributaryError('RECORD_REFUSED', `Kafka refused a record for topic ${topic}: ${type}. ${cure}`, {
    cause,
  });
};

const cures: Readonly<Record<string, string>> = {
  MESSAGE_TOO_LARGE: 'Make the record smaller, or raise max.message.bytes of the topic.',
  RECORD_LIST_TOO_LARGE: 'Make the record smaller, or raise segment.bytes of the topic.',
  INVALID_TIMESTAMP: 'Its timestamp is outside what the topic takes.',
  INVALID_RECORD: 'Records of a compacted topic need a key.',
  TOPIC_AUTHORIZATION_FAILED: 'The client has no right to write to the topic.',
};

export const unavailableError = (what: string, brokers: readonly string[], cause: unknown): TributaryError =>
  new TributaryError(
    'KAFKA_UNAVAILABLE',
    `${what} Check the brokers (${brokers.join(', ')}) and that the topic has a leader.`,
    { cause },
  );
