import type { Data } from './data.ts';
import { collectAt, walkAt } from './path.ts';
import type { FetchStep } from './plan.ts';
import type { Represent } from './representations.ts';
import type { Run } from './run.ts';

/** The objects that a fetch is for, over all results, and what is asked about them. */
export interface Batch {
  readonly objects: readonly Data[];
  /** For each result, the index in `objects` where its own begin. */
  readonly starts: readonly number[];
  /** For each object, which representation is its; −1 where it has none. */
  readonly representationOf: readonly number[];
  readonly representations: readonly Data[];
  /** Representations, by index, that go with the same variables. */
  readonly groups: readonly Group[];
}

export interface Group {
  readonly variables: Readonly<Record<string, unknown>>;
  readonly members: readonly number[];
}

const noVariables: Readonly<Record<string, unknown>> = {};

/** Finds the objects, or those of them in `only`, and makes their representations, equal ones once. */
export function gather(
  step: FetchStep,
  represent: Represent,
  run: Run,
  only: ReadonlySet<Data> | null,
): Batch {
  const objects: Data[] = [];
  const starts: number[] = [];
  const contexts: Readonly<Record<string, unknown>>[] = [];
  for (const root of run.roots) {
    starts.push(objects.length);
    const { context } = step;
    if (context === null) {
      collectAt(root, step.path, objects);
    } else {
      walkAt(root, step.path, (object, trail) => {
        objects.push(object);
        contexts.push(context(object, trail.ancestors));
      });
    }
  }
  const representations: Data[] = [];
  const known = new Map<string, number>();
  const groups = new Map<string, { variables: Readonly<Record<string, unknown>>; members: number[] }>();
  const representationOf = objects.map((object, index) => {
    const representation = only === null || only.has(object) ? represent(object) : null;
    if (representation === null) return -1;
    const variables = contexts[index] ?? noVariables;
    const group = variables === noVariables ? '' : JSON.stringify(variables);
    const key = run.deduplicate ? group + JSON.stringify(representation) : String(index);
    const equal = known.get(key);
    if (equal !== undefined) return equal;
    const number = representations.push(representation) - 1;
    known.set(key, number);
    const members = groups.get(group)?.members;
    if (members === undefined) groups.set(group, { variables, members: [number] });
    else members.push(number);
    return number;
  });
  return { objects, starts, representationOf, representations, groups: [...groups.values()] };
}

/** Which result an object belongs to. */
export function rootOf(batch: Batch, object: number): number {
  let root = 0;
  while (root + 1 < batch.starts.length && (batch.starts[root + 1] ?? 0) <= object) root++;
  return root;
}
