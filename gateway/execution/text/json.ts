/**
 * Reads values of JSON without making them. Each function gives where the value ends that begins at `at`; −1 where there
 * is none, and where it might mean something else to a client than what `JSON.parse` makes of it: whoever asked then
 * parses the text.
 */
export type ScanLeaf = (bytes: Uint8Array, at: number) => number;

/** Behind a backslash: characters that `JSON.stringify` writes so, and others that are JSON as well. */
const asWritten = 1;
const otherwise = 2;
const escapes = new Uint8Array(256);
for (const character of '"\\bfnrt') escapes[character.charCodeAt(0)] = asWritten;
for (const character of '/u') escapes[character.charCodeAt(0)] = otherwise;

const quote = 0x22;
const backslash = 0x5c;
const minus = 0x2d;
const zero = 0x30;
const nine = 0x39;

/** Many servers escape what need not be: `\u00fc`, `\/`. Clients read it as well. */
export const scanString: ScanLeaf = (bytes, at) => scanText(bytes, at, otherwise);

/** As `JSON.stringify` writes it, so that equal strings are equal texts. */
export const scanPlainString: ScanLeaf = (bytes, at) => scanText(bytes, at, asWritten);

function scanText(bytes: Uint8Array, at: number, allowed: number): number {
  if (bytes[at] !== quote) return -1;
  for (let next = at + 1; ; next++) {
    const byte = bytes[next] ?? 0;
    if (byte === quote) return next + 1;
    if (byte === backslash) {
      next += 1;
      const kind = escapes[bytes[next] ?? 0] ?? 0;
      if (kind === 0 || kind > allowed) return -1;
      if (bytes[next] === 0x75) {
        if (!isHex(bytes, next + 1)) return -1;
        next += 4;
      }
    } else if (byte < 0x20) return -1;
  }
}

/** Four digits. */
function isHex(bytes: Uint8Array, at: number): boolean {
  for (let next = at; next < at + 4; next++) {
    const byte = bytes[next] ?? 0;
    const letter = byte | 0x20;
    if (!isDigit(byte) && !(letter >= 0x61 && letter <= 0x66)) return false;
  }
  return true;
}

/** Of GraphQL: 32 bits. */
export const scanInt: ScanLeaf = (bytes, at) => {
  const negative = bytes[at] === minus;
  const first = negative ? at + 1 : at;
  const end = scanDigits(bytes, first);
  if (end - first < 10) return negative && bytes[first] === zero ? -1 : end;
  if (end - first > 10) return -1;
  let value = 0;
  for (let next = first; next < end; next++) value = value * 10 + ((bytes[next] ?? 0) - zero);
  return value <= (negative ? 2 ** 31 : 2 ** 31 - 1) ? end : -1;
};

/** With no more digits than a double keeps. An exponent is no part of it, so whatever must follow does not. */
export const scanFloat: ScanLeaf = (bytes, at) => {
  const negative = bytes[at] === minus;
  const first = negative ? at + 1 : at;
  let end = scanDigits(bytes, first);
  if (end === -1) return -1;
  const fraction = bytes[end] === 0x2e;
  if (fraction) {
    const point = end;
    while (isDigit(bytes[end + 1])) end += 1;
    if (end === point) return -1;
    end += 1;
  }
  // −0 is written as 0.
  if (negative && bytes[first] === zero && bytes[end - 1] === zero) return -1;
  return end - first <= (fraction ? 16 : 15) ? end : -1;
};

export const scanBoolean: ScanLeaf = (bytes, at) =>
  bytes[at] === 0x74 ? scanWord(bytes, at, 'true') : scanWord(bytes, at, 'false');

/** As `JSON.stringify` writes it. */
export const scanPlainFloat: ScanLeaf = (bytes, at) => {
  const end = scanFloat(bytes, at);
  let point = at;
  while (point < end && bytes[point] !== 0x2e) point += 1;
  if (end === -1 || point === end) return end;
  if (bytes[end - 1] === zero) return -1;
  // Below a millionth it writes an exponent.
  const first = bytes[at] === minus ? at + 1 : at;
  let zeros = point + 1;
  while (bytes[zeros] === zero) zeros += 1;
  return bytes[first] === zero && zeros - point > 6 ? -1 : end;
};

/** A leaf as `JSON.stringify` writes it, so that equal values are equal texts; null included. */
export const scanKey: ScanLeaf = (bytes, at) => {
  switch (bytes[at]) {
    case quote:
      return scanPlainString(bytes, at);
    case 0x74: // t
    case 0x66: // f
      return scanBoolean(bytes, at);
    case 0x6e: // n
      return scanWord(bytes, at, 'null');
    default:
      return scanPlainFloat(bytes, at);
  }
};

/** Deeper values are parsed: who sends them must not fill the stack. */
const maximumDepth = 32;

/** Any value but null, without whitespace. */
export const scanAny: ScanLeaf = (bytes, at) => (bytes[at] === 0x6e ? -1 : scanValue(bytes, at, 0));

/** Any value, null included. */
export const scanHidden: ScanLeaf = (bytes, at) => scanValue(bytes, at, 0);

function scanValue(bytes: Uint8Array, at: number, depth: number): number {
  switch (bytes[at]) {
    case quote:
      return scanString(bytes, at);
    case 0x7b: // {
    case 0x5b: // [
      return depth === maximumDepth ? -1 : scanMembers(bytes, at, depth + 1);
    case 0x74: // t
    case 0x66: // f
      return scanBoolean(bytes, at);
    case 0x6e: // n
      return scanWord(bytes, at, 'null');
    default:
      return scanFloat(bytes, at);
  }
}

/** An object or a list. */
function scanMembers(bytes: Uint8Array, at: number, depth: number): number {
  const isObject = bytes[at] === 0x7b;
  const close = isObject ? 0x7d : 0x5d;
  if (bytes[at + 1] === close) return at + 2;
  for (let next = at + 1; ; next++) {
    if (isObject) {
      next = scanString(bytes, next);
      if (next === -1 || bytes[next] !== 0x3a) return -1;
      next += 1;
    }
    next = scanValue(bytes, next, depth);
    if (next === -1) return -1;
    if (bytes[next] === close) return next + 1;
    if (bytes[next] !== 0x2c) return -1;
  }
}

function scanWord(bytes: Uint8Array, at: number, word: string): number {
  for (let index = 0; index < word.length; index++) {
    if (bytes[at + index] !== word.charCodeAt(index)) return -1;
  }
  return at + word.length;
}

/** Without a zero in front. */
function scanDigits(bytes: Uint8Array, at: number): number {
  if (bytes[at] === zero) return isDigit(bytes[at + 1]) ? -1 : at + 1;
  let end = at;
  while (isDigit(bytes[end])) end += 1;
  return end === at ? -1 : end;
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= zero && byte <= nine;
