import { constants } from 'node:buffer';
import { type DocumentNode, GraphQLError, type GraphQLFormattedError, getOperationAST } from 'graphql';
import { type ErrorLog, formattedRefusal } from '../../errors.ts';
import { executeRequestToText } from '../../generation/apollo.ts';
import type { Generation } from '../../generation/generation.ts';
import { forwardedHeaders } from '../../request-scope.ts';
import type { TransportContext } from '../operation.ts';
import type { PlainBody } from './body.ts';

/** A body as it leaves behind its head, in one text; what is ASCII, and bytes as characters, are Latin-1, which V8 need not encode. */
export interface WireBody {
  readonly text: string;
  /** Bytes. */
  readonly length: number;
  readonly encoding: 'latin1' | 'utf8';
}

/** Of HTTP. */
export interface PlainAnswer {
  readonly status: number;
  readonly body: WireBody;
}

/** The same with its headers, but for those of the connection. */
export interface PlainReply extends PlainAnswer {
  readonly headers: Readonly<Record<string, string>>;
}

/** For the head, which goes into the same text. */
const headCharacters = 64 * 1024;

/** Of a text. Throws a RangeError for what is too long. */
export const wireBody = (text: string): WireBody => bodyOf(text, Buffer.byteLength(text));

const bodyOf = (text: string, length: number): WireBody => {
  if (text.length > constants.MAX_STRING_LENGTH - headCharacters)
    throw new RangeError('The answer is longer than a text may be.');
  return { text, length, encoding: length === text.length ? 'latin1' : 'utf8' };
};

/** An operation that is ready to run; it never rejects. */
export type PlainOperation = () => Promise<PlainAnswer>;

/**
 * Finds an operation of these kinds in a document that is known to be valid; null: Apollo Server has to read it, or to say why
 * not.
 */
export const findOperation = (
  body: PlainBody,
  kinds: readonly string[],
  context: TransportContext,
): PlainOperation | null => {
  const generation = context.generation();
  const { documents } = context;
  const text = 'text' in body.query ? body.query.text : documents.persisted(body.query.hash);
  const document = text === null ? null : documents.known(generation, text);
  if (document === null) return null;
  const operation = getOperationAST(document, body.operationName);
  if (!operation || !kinds.includes(operation.operation)) return null;
  const used = { schema: generation.apiSchema, document, operation };
  return async () => {
    const executed = await execute(body, document, generation, context);
    context.usage.record(used, typeof executed !== 'string' && (executed.errors?.length ?? 0) > 0);
    try {
      return written(executed);
    } catch (error) {
      // Objects that repeat a large one may be longer than a text can be.
      return written(failed(error, context));
    }
  };
};

/** A string is the bytes of an answer, each a character. */
const written = (executed: Executed | string): PlainAnswer => {
  if (typeof executed === 'string') return { status: 200, body: bodyOf(executed, executed.length) };
  const { status, errors, ...rest } = executed;
  return { status, body: wireBody(`${JSON.stringify({ errors, ...rest })}\n`) };
};

interface Executed {
  readonly status: number;
  readonly errors: readonly GraphQLFormattedError[] | undefined;
  readonly data?: unknown;
  readonly extensions?: unknown;
}

const execute = async (
  { operationName, variables, extensions: given }: PlainBody,
  document: DocumentNode,
  generation: Generation,
  context: TransportContext,
): Promise<Executed | string> => {
  const headers = forwardedHeaders();
  try {
    const answer = await executeRequestToText(generation, {
      document,
      operationName: operationName ?? null,
      variables,
      extensions: given,
      headers,
    });
    if (typeof answer === 'string') return answer;
    const { errors, data, extensions } = answer;
    const shown = errors?.map((error) => shownError(error, context.logError));
    return { status: data === undefined && errors?.length ? 400 : 200, errors: shown, data, extensions };
  } catch (error) {
    return failed(error, context);
  }
};

const failed = (error: unknown, { logError }: TransportContext): Executed => ({
  status: 500,
  errors: [shownError(error, logError)],
});

/** As Apollo Server shows an error. */
const shownError = (thrown: unknown, logError: ErrorLog): GraphQLFormattedError => {
  const error = graphqlError(thrown);
  const extensions = { ...error.extensions, code: error.extensions.code ?? 'INTERNAL_SERVER_ERROR' };
  return formattedRefusal({ ...error.toJSON(), extensions }, error, logError);
};

const graphqlError = (thrown: unknown): GraphQLError => {
  if (thrown instanceof GraphQLError) return thrown;
  const originalError = thrown instanceof Error ? thrown : new Error(String(thrown));
  return new GraphQLError(originalError.message, { originalError });
};
