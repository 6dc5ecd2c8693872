import { randomUUID } from 'node:crypto';
import { GraphQLError, type GraphQLSchema, getVariableValues } from 'graphql';
import { requestError } from '../execution/errors.ts';
import type { Log } from '../execution/run.ts';
import { currentRequest } from '../request-scope.ts';
import type { PreparedOperation } from './operations.ts';

/** Thrown for variables that do not fit; holds each mistake. */
export class VariablesRefused extends Error {
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super(errors[0]?.message ?? 'Variables do not fit.');
    this.name = 'VariablesRefused';
    this.errors = errors;
  }
}

/** Variables with defaults, by the API schema. Throws VariablesRefused. */
export function coerceVariables(
  schema: GraphQLSchema,
  operation: PreparedOperation,
  variables: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const definitions = operation.definition.variableDefinitions;
  if (definitions === undefined || definitions.length === 0) return {};
  if (operation.isPlain(variables)) return variables;
  const { coerced, errors } = getVariableValues(schema, definitions, variables, { maxErrors: 20 });
  if (errors === undefined) return coerced;
  throw new VariablesRefused(errors.map((error) => requestError(error.message, 'BAD_USER_INPUT')));
}

/** What to tell the client of an error that refuses a request. A fault of ours is logged, and told by its id. */
export function refusalOf(error: unknown, log: Log | undefined): readonly GraphQLError[] {
  if (error instanceof VariablesRefused) return error.errors;
  if (error instanceof GraphQLError) return [error];
  const id = randomUUID();
  log?.warn({ err: error, id, requestId: currentRequest()?.id }, 'an operation could not be planned');
  return [requestError(`The operation cannot be planned; see the log for ${id}.`, 'INTERNAL', { id })];
}
