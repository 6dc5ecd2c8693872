import {
  type DocumentNode,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  parse,
  specifiedRules,
  type ValidationRule,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { withCode } from '../errors.ts';
import { Weight } from '../execution/weight.ts';
import { weighDocument } from '../generation/document-weight.ts';
import { type DocumentSizeLimits, documentSizeRule } from '../policies/document-size.ts';

interface ValidDocument {
  readonly document: DocumentNode;
  readonly errors: readonly [];
}

/** A parsed and validated document, or why it is none. */
export type ReadDocument =
  | ValidDocument
  | { readonly document: null; readonly errors: readonly GraphQLFormattedError[] };

/** Bytes, estimated, of what is kept parsed for one schema; the least recently used go first. Fields of a letter take 170 a character. */
const maximumBytes = 64 * 1024 * 1024;

/** Characters of the texts that are kept with their hashes. */
const maximumCharacters = 4 * 1024 * 1024;

/** Documents by their text, so that each is parsed and validated once for all clients that send it. */
export class Documents {
  readonly #maximumTokens: number;
  readonly #rules: readonly ValidationRule[];
  readonly #bySchema = new WeakMap<GraphQLSchema, LRUCache<string, ValidDocument>>();
  readonly #persisted = new LRUCache<string, string>({
    maxSize: maximumCharacters,
    sizeCalculation: (text, hash) => text.length + hash.length,
  });

  constructor(limits: DocumentSizeLimits & { readonly documentTokens: number }) {
    this.#maximumTokens = limits.documentTokens;
    this.#rules = [...specifiedRules, documentSizeRule(limits)];
  }

  read({ apiSchema }: { readonly apiSchema: GraphQLSchema }, text: string): ReadDocument {
    const known = this.#of(apiSchema);
    const found = known.get(text);
    if (found !== undefined) return found;
    const document = this.#read(apiSchema, text);
    // Refused texts are not kept: they would let one client push out what the others use.
    if (document.document !== null) known.set(text, document);
    return document;
  }

  /** A document that was found valid before; null: not known, whether it is valid or not. */
  known({ apiSchema }: { readonly apiSchema: GraphQLSchema }, text: string): DocumentNode | null {
    return this.#of(apiSchema).get(text)?.document ?? null;
  }

  /** Takes what somebody else has parsed and found valid, by the same rules. */
  keep(apiSchema: GraphQLSchema, text: string, document: DocumentNode): void {
    const known = this.#of(apiSchema);
    if (!known.has(text)) known.set(text, { document, errors: [] });
  }

  /** Takes a text that clients may name by its hash from now on, of whatever schema. */
  persist(hash: string, text: string): void {
    this.#persisted.set(hash, text);
  }

  /** Null: not known, whether it is persisted or not. */
  persisted(hash: string): string | null {
    return this.#persisted.get(hash) ?? null;
  }

  #of(apiSchema: GraphQLSchema): LRUCache<string, ValidDocument> {
    const known = this.#bySchema.get(apiSchema);
    if (known !== undefined) return known;
    const fresh = new LRUCache<string, ValidDocument>({
      maxSize: maximumBytes,
      sizeCalculation: ({ document }) => bytesOf(document),
    });
    this.#bySchema.set(apiSchema, fresh);
    return fresh;
  }

  #read(schema: GraphQLSchema, text: string): ReadDocument {
    try {
      const document = parse(text, { maxTokens: this.#maximumTokens });
      const errors = validate(schema, document, this.#rules, { maxErrors: 20 });
      if (errors.length === 0) return { document, errors: [] };
      return { document: null, errors: errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED')) };
    } catch (error) {
      const refused =
        error instanceof RangeError ? new GraphQLError('The document is nested too deep.') : error;
      if (!(refused instanceof GraphQLError)) throw refused;
      return { document: null, errors: [withCode(refused, 'GRAPHQL_PARSE_FAILED')] };
    }
  }
}

function bytesOf(document: DocumentNode): number {
  const weight = new Weight();
  weighDocument(document, weight);
  return weight.bytes;
}
