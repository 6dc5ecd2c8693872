/** How bytes of a topic become plain data and back. One instance a topic; JSON is the first. */
export interface RecordFormat {
  readonly name: string;
  /**
   * Plain data: objects, arrays, strings, numbers, booleans, null; integers beyond ±2^53 are BigInts, so that no digit
   * is lost. Throws FormatError for bytes that are not of this format.
   */
  decode(bytes: Buffer): unknown;
  encode(value: unknown): Buffer;
}

export class FormatError extends Error {
  /** What an operator finds in the dead letter; holds nothing of the record itself. */
  readonly reason: string;

  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FormatError';
    this.reason = reason;
  }
}
