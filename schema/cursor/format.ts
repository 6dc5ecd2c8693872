/**
 * The bytes of a cursor, before base64url:
 *
 *   version (1 byte) · flags (1 byte) · cluster id · topic id · filter hash (4 bytes, big endian)
 *   · time (varint) · position · epochs · [snapshotUntil] · CRC-32 of all before it (4 bytes, big endian)
 *
 * An id that is a Kafka UUID (22 characters of base64url) takes 16 bytes; any other a varint length and UTF-8.
 * A position is a varint count and one varint a partition. Epochs are a varint count and runs of (length, epoch + 1):
 * most partitions of a healthy topic share an epoch.
 */
export const cursorVersion = 1;

export const flags = { clusterIsUuid: 1, topicIsUuid: 2, snapshot: 4 } as const;
export const knownFlags: number = flags.clusterIsUuid | flags.topicIsUuid | flags.snapshot;

export const checksumBytes = 4;
/** Longer texts are refused before any work is done on them. */
export const maximumCursorLength = 65_536;
/** More partitions than any sane topic has, fewer than would make a hostile cursor costly. */
export const maximumPartitions = 10_000;
/** Kafka stores epochs as signed 32-bit integers. */
export const maximumEpoch = 0x7fffffff;
/** Of an id that is no Kafka UUID, in bytes of UTF-8. */
export const maximumIdBytes = 255;
