import { FormatError, type RecordFormat } from './format.ts';
import { textOfBytes } from './text.ts';

/** 2^53 has 16 digits, so only texts with as many in a row can hold an integer that a number cannot. */
const mayHoldLongInteger = /\d{16}/;
const integer = /^-?\d+$/;

/** JSON in UTF-8 (RFC 8259). */
export const jsonFormat: RecordFormat = {
  name: 'JSON',
  decode(bytes) {
    const text = textOfBytes(bytes);
    if (text === null) throw new FormatError('NOT_UTF8', 'The value is not UTF-8.');
    try {
      return mayHoldLongInteger.test(text) ? JSON.parse(text, keepLongIntegers) : JSON.parse(text);
    } catch {
      // The parser's message quotes the record, which may hold what must not reach a log.
      throw new FormatError('NOT_JSON', 'The value is not JSON.');
    }
  },
  encode: (value) => Buffer.from(JSON.stringify(value)),
};

/** Reviver with source text access, which slows parsing down; so it is used only where digits could be lost. */
const keepLongIntegers = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return integer.test(source) ? BigInt(source) : value;
};
