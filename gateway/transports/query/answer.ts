import { type DocumentNode, GraphQLError, type GraphQLFormattedError, getOperationAST } from 'graphql';
import { type ErrorLog, formattedRefusal } from '../../errors.ts';
import { executeRequestToText } from '../../generation/apollo.ts';
import type { Generation } from '../../generation/generation.ts';
import { forwardedHeaders } from '../../request-scope.ts';
import type { TransportContext } from '../operation.ts';
import type { PlainBody } from './body.ts';

/** Of HTTP. */
export interface PlainAnswer {
  readonly status: number;
  readonly body: string | Buffer;
}

/** The same with its headers, but for those of the connection. */
export interface PlainReply extends PlainAnswer {
  readonly headers: Readonly<Record<string, string>>;
}

/** A body as it leaves behind its head, in one text; what is ASCII, and bytes, are the same in Latin-1, which V8 need not encode. */
export const wireBody = (
  body: PlainAnswer['body'],
): { readonly text: string; readonly length: number; readonly encoding: 'latin1' | 'utf8' } => {
  const text = typeof body === 'string' ? body : body.toString('latin1');
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  return { text, length, encoding: length === text.length ? 'latin1' : 'utf8' };
};

/** An operation that is ready to run. */
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
    if (Buffer.isBuffer(executed)) {
      context.usage.record(used, false);
      return { status: 200, body: executed };
    }
    const { status, errors, ...rest } = executed;
    context.usage.record(used, errors !== undefined && errors.length > 0);
    return { status, body: `${JSON.stringify({ errors, ...rest })}\n` };
  };
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
  { logError }: TransportContext,
): Promise<Executed | Buffer> => {
  const headers = forwardedHeaders();
  try {
    const answer = await executeRequestToText(generation, {
      document,
      operationName: operationName ?? null,
      variables,
      extensions: given,
      headers,
    });
    if (Buffer.isBuffer(answer)) return answer;
    const { errors, data, extensions } = answer;
    const shown = errors?.map((error) => shownError(error, logError));
    return { status: data === undefined && errors?.length ? 400 : 200, errors: shown, data, extensions };
  } catch (error) {
    return { status: 500, errors: [shownError(error, logError)] };
  }
};

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
