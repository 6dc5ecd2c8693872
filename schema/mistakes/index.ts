export { formatMistakes } from './format.ts';
export { didYouMean, Mistakes, oneOf } from './mistakes.ts';
export { SchemaInvalidError } from './schema-invalid.ts';
