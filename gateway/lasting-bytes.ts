/**
 * The UTF-8 of a text in memory of its own, for bytes that are kept. `Buffer.from` cuts small ones out of blocks of 64 KB
 * that the whole process shares, and one that is kept keeps its block: rings of 4 MB held 400 MB. Costs 1.3 µs more.
 */
export const lastingBytes = (text: string): Buffer => {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
};
