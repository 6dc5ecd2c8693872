import type { OperationRequest } from './operation.ts';

/** How messages name what was sent: `subscribe needs payload.query, a string`. */
export interface PayloadNames {
  readonly subject: string;
  /** Before each field's name. */
  readonly prefix: string;
}

/** Reads an operation, whatever brought it; a text says what is wrong with it. */
export const readOperation = (
  payload: unknown,
  { subject, prefix }: PayloadNames,
): OperationRequest | string => {
  if (!isObject(payload)) return `${subject} needs a payload`;
  const { query, operationName, variables, extensions } = payload;
  if (typeof query !== 'string') return `${subject} needs ${prefix}query, a string`;
  if (!isAbsent(operationName) && typeof operationName !== 'string')
    return `${prefix}operationName is no string`;
  if (!isAbsent(variables) && !isObject(variables)) return `${prefix}variables is no object`;
  if (!isAbsent(extensions) && !isObject(extensions)) return `${prefix}extensions is no object`;
  return {
    query,
    operationName: typeof operationName === 'string' ? operationName : null,
    variables: isObject(variables) ? variables : {},
    extensions: isObject(extensions) ? extensions : {},
  };
};

export const isAbsent = (value: unknown): value is null | undefined => value === null || value === undefined;

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
