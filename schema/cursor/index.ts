export { isCursor } from './check.ts';
export type { Cursor } from './cursor.ts';
export { decodeCursor } from './decode.ts';
export { CursorEncoder, type CursorIdentity, type CursorProgress, encodeCursor } from './encode.ts';
export { filterHash } from './filter-hash.ts';
export { PositionCursor } from './position-cursor.ts';
export { parsePosition, type StreamStart } from './start.ts';
