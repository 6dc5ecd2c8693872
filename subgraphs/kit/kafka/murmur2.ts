const seed = 0x9747b28c;
const multiplier = 0x5bd1e995;

/**
 * 32-bit murmur2 as Kafka's Java client computes it (`org.apache.kafka.common.utils.Utils.murmur2`), signed.
 */
export const murmur2 = (bytes: Uint8Array): number => {
  const { length } = bytes;
  const at = (index: number) => bytes[index] ?? 0;
  let hash = seed ^ length;
  const whole = length - (length % 4);
  for (let index = 0; index < whole; index += 4) {
    let word = at(index) | (at(index + 1) << 8) | (at(index + 2) << 16) | (at(index + 3) << 24);
    word = Math.imul(word, multiplier);
    word ^= word >>> 24;
    hash = Math.imul(hash, multiplier) ^ Math.imul(word, multiplier);
  }
  if (whole < length) {
    hash ^=
      at(whole) |
      (whole + 1 < length ? at(whole + 1) << 8 : 0) |
      (whole + 2 < length ? at(whole + 2) << 16 : 0);
    hash = Math.imul(hash, multiplier);
  }
  hash = Math.imul(hash ^ (hash >>> 13), multiplier);
  return hash ^ (hash >>> 15);
};

/** The partition that Java's default partitioner gives a key; ours must agree, or a key would live in two partitions. */
export const partitionOfKey = (key: Uint8Array, partitions: number): number =>
  (murmur2(key) & 0x7fffffff) % partitions;
