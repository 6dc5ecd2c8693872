/**
 * Objects and lists within each other in what a subgraph sends. `JSON.parse` takes any number of them, but what merges and
 * writes values fills the stack between 1,000 and 5,000, with an error that would end more than the field.
 */
export const maximumNesting = 500;

/** True for JSON that is nested deeper; of what is no JSON, either. */
export function isNestedTooDeep(bytes: Uint8Array): boolean {
  // Each takes a bracket that opens and one that closes.
  if (bytes.length <= 2 * maximumNesting) return false;
  let depth = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === 0x22) inString = !inString;
    else if (inString) {
      if (byte === 0x5c) at += 1;
    } else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
      if (depth > maximumNesting) return true;
    } else if (byte === 0x5d || byte === 0x7d) depth -= 1;
  }
  return false;
}
