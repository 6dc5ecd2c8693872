import type { ExecutionResult, GraphQLError } from 'graphql';
import { bubble, type Completion } from './complete.ts';
import type { Data } from './data.ts';
import { type ResponsePath, report } from './errors.ts';
import type { Run } from './run.ts';
import type { ObjectShape } from './shape.ts';

/** Shapes the answer number `index` of a run, and puts its errors together. */
export function resultOf(shape: ObjectShape, run: Run, index: number): ExecutionResult {
  const root = run.roots[index] ?? {};
  const errors = run.errors[index] ?? [];
  const completion: Completion = { failures: run.failures, problems: [] };
  const completed = shape.complete(root, completion);
  reportProblems(completion, errors);
  reportUnseen(completion, errors, run, index);
  const data: Data | null = completed === bubble ? null : completed;
  return errors.length === 0 ? { data } : { data, errors };
}

/** A forbidden null is worth an error of its own only where no other error tells why it is null. */
function reportProblems({ problems }: Completion, errors: GraphQLError[]): void {
  for (const { error, reversedPath, violation } of problems) {
    const path = reversedPath.toReversed();
    if (violation && errors.some((known) => known.path === undefined || isOnWay(known.path, path))) continue;
    report(errors, error, path);
  }
}

const isOnWay = (a: ResponsePath, b: ResponsePath): boolean => {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) if (a[index] !== b[index]) return false;
  return true;
};

/** A fetch may fail for fields that the client did not ask for itself: said once, without a path. */
function reportUnseen({ problems }: Completion, errors: GraphQLError[], run: Run, index: number): void {
  for (const failure of run.failures.raisedFor(index)) {
    if (!problems.some((problem) => problem.error === failure)) report(errors, failure);
  }
}
