import type { Data } from './data.ts';
import { collectAt, walkAt } from './path.ts';
import type { FetchStep } from './plan.ts';
import type { Leaves, Represent } from './representations.ts';
import type { Run } from './run.ts';

/** The objects that a fetch is for, over all results, and what is asked about them. */
export interface Batch {
  readonly objects: readonly Data[];
  /** For each result, the index in `objects` where its own begin. */
  readonly starts: readonly number[];
  /** For each object, which representation is its; −1 where it has none. */
  readonly representationOf: readonly number[];
  readonly representations: readonly Data[];
  /** True when some object has no representation. */
  readonly incomplete: boolean;
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
  const groups = new Map<string, OpenGroup>();
  const alone = step.context === null ? new OpenGroup(noVariables) : null;
  const representations: Data[] = [];
  const representationOf: number[] = [];
  for (let index = 0; index < objects.length; index++) {
    const object = objects[index];
    const asked = object !== undefined && (only === null || only.has(object));
    const group = alone ?? groupOf(groups, contexts[index] ?? noVariables);
    representationOf.push(asked ? group.add(object, represent, run.deduplicate, representations) : -1);
  }
  return {
    objects,
    starts,
    representationOf,
    representations,
    incomplete: representationOf.includes(-1),
    groups: alone === null ? [...groups.values()] : [alone],
  };
}

function groupOf(groups: Map<string, OpenGroup>, variables: Readonly<Record<string, unknown>>): OpenGroup {
  const key = JSON.stringify(variables);
  const known = groups.get(key);
  if (known !== undefined) return known;
  const group = new OpenGroup(variables);
  groups.set(key, group);
  return group;
}

class OpenGroup implements Group {
  readonly variables: Readonly<Record<string, unknown>>;
  readonly members: number[] = [];
  /** Representations by what they are made of: of leaves for each type, of anything else as JSON. */
  readonly #byLeaves = new Map<Leaves, Map<unknown, number>>();
  readonly #byText = new Map<string, number>();

  constructor(variables: Readonly<Record<string, unknown>>) {
    this.variables = variables;
  }

  /** The number of the object's representation, which is added to `representations` unless an equal one is there; −1: none. */
  add(object: Data, represent: Represent, deduplicate: boolean, representations: Data[]): number {
    const leaves = represent.leavesOf(object.__typename);
    if (leaves === null) return this.#addOther(object, represent, deduplicate, representations);
    const identity = identityOf(object, leaves);
    if (identity === missing) return -1;
    if (identity === complex) return this.#addOther(object, represent, deduplicate, representations);
    const byIdentity = this.#byLeaves.get(leaves) ?? new Map<unknown, number>();
    if (byIdentity.size === 0) this.#byLeaves.set(leaves, byIdentity);
    const equal = deduplicate ? byIdentity.get(identity) : undefined;
    if (equal !== undefined) return equal;
    const representation: Data = { __typename: leaves.typename };
    for (const key of leaves.keys) representation[key] = object[key];
    const number = this.#push(representation, representations);
    byIdentity.set(identity, number);
    return number;
  }

  #addOther(object: Data, represent: Represent, deduplicate: boolean, representations: Data[]): number {
    const representation = represent.make(object);
    if (representation === null) return -1;
    if (!deduplicate) return this.#push(representation, representations);
    const text = JSON.stringify(representation);
    const equal = this.#byText.get(text);
    if (equal !== undefined) return equal;
    const number = this.#push(representation, representations);
    this.#byText.set(text, number);
    return number;
  }

  #push(representation: Data, representations: Data[]): number {
    const number = representations.push(representation) - 1;
    this.members.push(number);
    return number;
  }
}

const missing = Symbol('missing');
const complex = Symbol('complex');

/**
 * Equal for objects of one type with equal leaves. For one leaf, as most keys have, the value itself: its hash is known
 * since it was parsed, and a text made of it would have to be hashed anew.
 */
function identityOf(object: Data, { keys }: Leaves): unknown {
  if (keys.length === 1) return identityOfValue(object[keys[0] ?? '']);
  let identity = '';
  for (const key of keys) {
    const value = identityOfValue(object[key]);
    if (typeof value === 'symbol') return value;
    identity += typeof value === 'string' ? `${value.length}"${value}` : `${String(value)},`;
  }
  return identity;
}

const identityOfValue = (value: unknown): unknown =>
  value === undefined ? missing : typeof value === 'object' && value !== null ? complex : value;

/** Which result an object belongs to. */
export function rootOf(batch: Batch, object: number): number {
  let root = 0;
  while (root + 1 < batch.starts.length && (batch.starts[root + 1] ?? 0) <= object) root++;
  return root;
}
