import { type Data, isData, ownValue } from './data.ts';
import type { Failures, SafeError } from './errors.ts';
import type { FieldShape, ObjectShape, ValueShape } from './shape.ts';

/** What shaping one result needs and finds. */
export interface Completion {
  readonly failures: Failures;
  readonly problems: Problem[];
}

/** An error found while shaping. Its path is built from the inside out, so that a result without errors pays nothing. */
export interface Problem {
  readonly error: SafeError;
  readonly reversedPath: (string | number)[];
  /** True for a null that the type forbids: dropped when another error explains it. */
  readonly violation: boolean;
}

/** A null that its type forbids, on its way up to the next place that may be null. */
export const bubble = Symbol('bubble');

/**
 * The client's answer for an object, from the merged data of all fetches: https://spec.graphql.org/October2021/#CompleteValue()
 * Returns `bubble` when a field that must not be null is null.
 */
export function completeObject(shape: ObjectShape, data: Data, completion: Completion): Data | typeof bubble {
  const answer: Data = {};
  for (const field of shape.fields) {
    const value = field.inherited ? ownValue(data, field.key) : data[field.key];
    const before = completion.problems.length;
    const completed =
      value === undefined
        ? completeMissing(field, data, completion)
        : completeValue(field.value, value, field, completion);
    if (completion.problems.length > before) extendPaths(completion.problems, before, field.key);
    if (completed === bubble) return bubble;
    if (field.inherited) define(answer, field.key, completed);
    else answer[field.key] = completed;
  }
  return answer;
}

function completeMissing(field: FieldShape, data: Data, completion: Completion): unknown {
  if (field.value.kind === 'typename') return field.value.name ?? bubble;
  const failure = completion.failures.at(data, field.key);
  if (failure === undefined) return completeValue(field.value, null, field, completion);
  if (!failure.quiet) completion.problems.push({ error: failure, reversedPath: [], violation: false });
  return field.value.nonNull ? bubble : null;
}

function completeValue(
  shape: ValueShape,
  value: unknown,
  field: FieldShape,
  completion: Completion,
): unknown {
  if (shape.kind === 'typename') return shape.name ?? bubble;
  if (value === null || value === undefined) {
    if (!shape.nonNull) return null;
    addProblem(completion, `Cannot return null for non-nullable field ${field.coordinate}.`, true);
    return bubble;
  }
  const completed = completeNullable(shape, value, field, completion);
  return completed === null && shape.nonNull ? bubble : completed;
}

function completeNullable(
  shape: Exclude<ValueShape, { kind: 'typename' }>,
  value: unknown,
  field: FieldShape,
  completion: Completion,
): unknown {
  switch (shape.kind) {
    case 'leaf':
      try {
        return shape.complete(value);
      } catch {
        return unfit(completion, field);
      }
    case 'list':
      return Array.isArray(value)
        ? completeList(shape.item, value, field, completion)
        : unfit(completion, field);
    case 'object':
      return isData(value) ? completeInner(shape.shape(), value, completion) : unfit(completion, field);
    case 'abstract': {
      if (!isData(value)) return unfit(completion, field);
      const typename = value.__typename;
      const inner = shape.shapeOf(typeof typename === 'string' ? typename : undefined);
      return inner === null ? unfit(completion, field) : completeInner(inner, value, completion);
    }
    case 'introspection':
      return value;
  }
}

function completeInner(shape: ObjectShape, value: Data, completion: Completion): Data | null {
  const completed = completeObject(shape, value, completion);
  return completed === bubble ? null : completed;
}

function completeList(
  item: ValueShape,
  values: readonly unknown[],
  field: FieldShape,
  completion: Completion,
): unknown[] | null {
  const answer: unknown[] = [];
  for (let index = 0; index < values.length; index++) {
    const before = completion.problems.length;
    const completed = completeValue(item, values[index], field, completion);
    if (completion.problems.length > before) extendPaths(completion.problems, before, index);
    if (completed === bubble) return null;
    answer.push(completed);
  }
  return answer;
}

/** The value is not told: it may be one that clients must not see. */
function unfit(completion: Completion, field: FieldShape): null {
  addProblem(
    completion,
    `A subgraph gave a value for ${field.coordinate} that its type does not allow.`,
    false,
  );
  return null;
}

function addProblem(completion: Completion, message: string, violation: boolean): void {
  completion.problems.push({
    error: { message, extensions: { code: 'SUBGRAPH_FAILED' } },
    reversedPath: [],
    violation,
  });
}

function extendPaths(problems: readonly Problem[], from: number, key: string | number): void {
  for (let index = from; index < problems.length; index++) problems[index]?.reversedPath.push(key);
}

function define(answer: Data, key: string, value: unknown): void {
  Object.defineProperty(answer, key, { value, writable: true, enumerable: true, configurable: true });
}
