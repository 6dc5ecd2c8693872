export {
  createDeadLetters,
  type DeadLetterOptions,
  type DeadLetterStats,
  type DeadLetters,
  deadLetterTopic,
} from './dead-letters.ts';
export { createDecoder, type DecodedResult, type Decoder } from './decoder.ts';
export { type EncodedRecord, encodeRow } from './encoder.ts';
export { FormatError, type RecordFormat } from './format.ts';
export { jsonFormat } from './format-json.ts';
export { recordKey } from './record-key.ts';
