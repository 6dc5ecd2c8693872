import { fetchEntities } from './fetch-entities.ts';
import { fetchRoot } from './fetch-root.ts';
import type { Step } from './plan.ts';
import type { Run } from './run.ts';

/** Runs a plan. Failed fetches become failures of the run; it rejects only when the run's signal aborts. */
export async function executePlan(step: Step, run: Run): Promise<void> {
  switch (step.kind) {
    case 'sequence':
      for (const child of step.steps) await executePlan(child, run);
      return;
    case 'parallel':
      await Promise.all(step.steps.map((child) => executePlan(child, run)));
      return;
    case 'fetch':
      run.signal.throwIfAborted();
      if (step.represent === null) await fetchRoot(step, run);
      else await fetchEntities(step, step.represent, run);
  }
}
