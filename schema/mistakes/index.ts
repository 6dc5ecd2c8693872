export { federationCure } from './federation-cure.ts';
export { formatMistakes } from './format.ts';
export { didYouMean, Mistakes, oneOf, sentence } from './mistakes.ts';
export { SchemaInvalidError } from './schema-invalid.ts';
