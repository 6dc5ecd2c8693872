import { type DocumentNode, type GraphQLError, type GraphQLSchema, parse, validate } from 'graphql';
import { maximumTokens } from './limits.ts';

/** Documents that are kept; beyond it the one that was asked for longest ago goes. */
const keptDocuments = 1_000;
/** Longer texts are read each time: together with what is kept of them they would hold the memory. */
const keptLength = 10_000;

export interface ReadDocument {
  readonly document: DocumentNode;
  /** By the schema; empty: it is valid. */
  readonly errors: readonly GraphQLError[];
}

/** Parses and validates each text once: ten thousand subscriptions differ by their variables alone. */
export class Documents {
  readonly #schema: GraphQLSchema;
  readonly #read = new Map<string, ReadDocument>();

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  /** Throws what the parser throws. */
  read(text: string): ReadDocument {
    const known = this.#read.get(text);
    if (known !== undefined) {
      this.#read.delete(text);
      this.#read.set(text, known);
      return known;
    }
    const document = parse(text, { maxTokens: maximumTokens });
    const read = { document, errors: validate(this.#schema, document) };
    if (text.length <= keptLength) this.#keep(text, read);
    return read;
  }

  #keep(text: string, read: ReadDocument): void {
    this.#read.set(text, read);
    if (this.#read.size <= keptDocuments) return;
    const [oldest] = this.#read.keys();
    if (oldest !== undefined) this.#read.delete(oldest);
  }
}
