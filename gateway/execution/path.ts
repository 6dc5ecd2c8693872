import { type Data, isData, isInheritedKey, ownValue } from './data.ts';
import type { ResponseKeys } from './response-keys.ts';

/** One step of a plan's path: into a field, into each item of a list, or on only for objects of some types. */
export type PathStep =
  | {
      readonly kind: 'field';
      readonly key: string;
      readonly clientKey: string;
      readonly inherited: boolean;
    }
  | { readonly kind: 'list' }
  | { readonly kind: 'types'; readonly names: ReadonlySet<string> };

const listStep: PathStep = { kind: 'list' };

/** Reads a path of the planner: response keys, `@` for a list, `|[A,B]` behind either for a type condition. */
export function parsePath(path: readonly (string | number)[], keys: ResponseKeys): readonly PathStep[] {
  return path.flatMap((element) => {
    const text = String(element);
    const bar = text.indexOf('|[');
    const name = bar === -1 ? text : text.slice(0, bar);
    const steps: PathStep[] = [];
    if (name === '@') steps.push(listStep);
    else if (name !== '') {
      const inherited = isInheritedKey(name);
      steps.push({ kind: 'field', key: name, clientKey: keys.clientKey(name), inherited });
    }
    if (bar !== -1) steps.push({ kind: 'types', names: new Set(text.slice(bar + 2, -1).split(',')) });
    return steps;
  });
}

/** Called for each object at the path; `ancestors` and `keys` are reused, so copy what is kept. */
export type Visit = (object: Data, trail: Trail) => void;

/** The way from the root to an object: what was passed, outermost first, and the client's keys and indexes between. */
export interface Trail {
  readonly ancestors: readonly Data[];
  readonly keys: readonly (string | number)[];
}

/** Appends the objects at the path, in order. Nulls and missing values end their branch. */
export function collectAt(value: unknown, path: readonly PathStep[], into: Data[], from = 0): void {
  let current = value;
  for (let index = from; index < path.length; index++) {
    if (Array.isArray(current)) {
      const next = path[index]?.kind === 'list' ? index + 1 : index;
      if (next === path.length) collectItems(current, into);
      else for (const item of current) collectAt(item, path, into, next);
      return;
    }
    if (!isData(current)) return;
    const step = path[index];
    if (step === undefined || step.kind === 'list') return;
    if (step.kind === 'field') current = step.inherited ? ownValue(current, step.key) : current[step.key];
    else if (!step.names.has(String(current.__typename))) return;
  }
  if (Array.isArray(current)) collectItems(current, into);
  else if (isData(current)) into.push(current);
}

/** The end of a path, at which the most objects are: no call for each. */
function collectItems(items: readonly unknown[], into: Data[]): void {
  for (const item of items) {
    if (isData(item)) into.push(item);
    else if (Array.isArray(item)) collectItems(item, into);
  }
}

/** Like `collectAt`, with the way to each object: for errors and contexts, which are rare, so it may cost more. */
export function walkAt(root: Data, path: readonly PathStep[], visit: Visit): void {
  const trail: { ancestors: Data[]; keys: (string | number)[] } = { ancestors: [], keys: [] };
  const descend = (value: unknown, index: number): void => {
    if (Array.isArray(value)) {
      const next = path[index]?.kind === 'list' ? index + 1 : index;
      value.forEach((item, position) => {
        trail.keys.push(position);
        descend(item, next);
        trail.keys.pop();
      });
      return;
    }
    if (!isData(value)) return;
    const step = path[index];
    if (step === undefined) visit(value, trail);
    else if (step.kind === 'types') {
      if (step.names.has(String(value.__typename))) descend(value, index + 1);
    } else if (step.kind === 'field') {
      trail.ancestors.push(value);
      trail.keys.push(step.clientKey);
      descend(ownValue(value, step.key), index + 1);
      trail.keys.pop();
      trail.ancestors.pop();
    }
  };
  descend(root, 0);
}
