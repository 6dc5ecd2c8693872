export * from './composition/index.ts';
export * from './cursor/index.ts';
export * from './description.ts';
export * from './errors.ts';
export { formatMistakes, SchemaInvalidError } from './mistakes/index.ts';
export * from './position.ts';
export type { SchemaSource } from './source.ts';
export * from './vocabulary/index.ts';
