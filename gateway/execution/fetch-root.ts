import type { Data } from './data.ts';
import { type Failure, pathOf, type ResponsePath, report, type SafeError, safeError } from './errors.ts';
import { mergeInto } from './merge.ts';
import { collectAt, walkAt } from './path.ts';
import type { FetchStep } from './plan.ts';
import { ask, type Run, variablesOf } from './run.ts';

/** A fetch of root fields: its answer is merged into the root, or into each object that stands for the root. */
export async function fetchRoot(step: FetchStep, run: Run): Promise<void> {
  const targets = run.roots.map((root) => {
    const found: Data[] = [];
    collectAt(root, step.path, found);
    return found;
  });
  if (targets.every((found) => found.length === 0)) return;
  const answer = await ask(step, variablesOf(step, run.variables), run);
  const failure = 'failure' in answer ? answer.failure : reportErrors(step, answer.errors, answer.data, run);
  if (!('failure' in answer) && answer.data !== null) step.rewriteOutput?.(answer.data);
  targets.forEach((found, root) => {
    for (const target of found) {
      if (!('failure' in answer) && answer.data !== null) mergeInto(target, answer.data);
      if (failure !== null) run.failures.mark(target, step.keys, failure, root);
    }
  });
}

/** Reports the subgraph's errors at the client's paths; a failure when they left no data. */
function reportErrors(
  step: FetchStep,
  errors: readonly unknown[],
  data: Data | null,
  run: Run,
): Failure | null {
  if (data === null && errors.length === 0) {
    return {
      message: `Subgraph "${step.subgraph.name}" answered without data.`,
      extensions: { code: 'SUBGRAPH_FAILED', subgraph: step.subgraph.name },
      quiet: false,
    };
  }
  let failure: Failure | null = null;
  for (const error of errors) {
    const safe = safeError(error, step.subgraph.name);
    const path = clientPath(step, pathOf(error));
    if (data === null && path === undefined) failure ??= { ...safe, quiet: false };
    else reportAt(step, run, safe, path);
  }
  if (data === null) failure ??= { ...safeError(errors[0], step.subgraph.name), quiet: true };
  return failure;
}

function reportAt(step: FetchStep, run: Run, error: SafeError, path: ResponsePath | undefined): void {
  run.roots.forEach((root, index) => {
    const errors = run.errors[index];
    if (errors === undefined) return;
    if (step.path.length === 0 || path === undefined) report(errors, error, path);
    else walkAt(root, step.path, (_, trail) => report(errors, error, [...trail.keys, ...path]));
  });
}

/** The path with the client's response keys in place of the planner's aliases. */
export function clientPath(step: FetchStep, path: ResponsePath | undefined): ResponsePath | undefined {
  if (path === undefined || step.renamed.size === 0) return path;
  return path.map((element) =>
    typeof element === 'string' ? (step.renamed.get(element) ?? element) : element,
  );
}
