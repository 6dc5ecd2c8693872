import { type Data, isData } from './data.ts';
import { type Batch, type Group, gather, rootOf } from './entities.ts';
import {
  type Failure,
  maximumErrors,
  pathOf,
  type ResponsePath,
  report,
  type SafeError,
  safeError,
} from './errors.ts';
import { clientPath } from './fetch-root.ts';
import { mergeInto, mergeKeysInto } from './merge.ts';
import { walkAt } from './path.ts';
import type { FetchStep } from './plan.ts';
import type { Represent } from './representations.ts';
import type { Rewrite } from './rewrites.ts';
import { ask, type Run, variablesOf } from './run.ts';
import type { TypeRelations } from './types.ts';

/** What came for each representation: an entity, null, or why there is none. Undefined: not asked. */
interface Outcome {
  readonly entities: (Data | null | undefined)[];
  readonly failures: (Failure | undefined)[];
}

/**
 * An `_entities` fetch: asks once for equal representations, and merges each entity into all objects it stands for.
 * Objects that lack an input get the fields that do without it.
 */
export async function fetchEntities(
  step: FetchStep,
  represent: Represent,
  run: Run,
  only: ReadonlySet<Data> | null = null,
): Promise<void> {
  const batch = gather(step, represent, run, only);
  if (!batch.incomplete) return fetchBatch(step, batch, run);
  const { fallbacks } = step;
  if (fallbacks.length === 0) passOnFailures(step, batch, run, only);
  const incomplete = new Set(batch.objects.filter((_, index) => batch.representationOf[index] === -1));
  await Promise.all([
    fetchBatch(step, batch, run),
    ...fallbacks.map((fallback) =>
      fallback.represent === null ? undefined : fetchEntities(fallback, fallback.represent, run, incomplete),
    ),
  ]);
}

async function fetchBatch(step: FetchStep, batch: Batch, run: Run): Promise<void> {
  if (batch.representations.length === 0) return;
  const outcome: Outcome = { entities: [], failures: [] };
  const variables = variablesOf(step, run.variables);
  const calls = batch.groups.flatMap((group) => chunksOf(group, run.maximumRepresentations));
  const [first] = calls;
  if (calls.length === 1 && first !== undefined) await askFor(step, first, variables, batch, outcome, run);
  else await Promise.all(calls.map((call) => askFor(step, call, variables, batch, outcome, run)));
  mergeAll(step, batch, outcome, run);
}

/** An object that lacks what this fetch requires, because of a failed fetch, lacks this fetch's fields for the same reason. */
function passOnFailures(step: FetchStep, batch: Batch, run: Run, only: ReadonlySet<Data> | null): void {
  batch.representationOf.forEach((representation, index) => {
    const object = batch.objects[index];
    if (representation !== -1 || object === undefined || only?.has(object) === false) return;
    const failure = run.failures.of(object);
    if (failure !== undefined) run.failures.mark(object, step.keys, failure, rootOf(batch, index));
  });
}

function chunksOf(group: Group, size: number): Group[] {
  if (group.members.length <= size) return [group];
  return Array.from({ length: Math.ceil(group.members.length / size) }, (_, chunk) => ({
    variables: group.variables,
    members: group.members.slice(chunk * size, (chunk + 1) * size),
  }));
}

async function askFor(
  step: FetchStep,
  { members, variables: context }: Group,
  variables: Readonly<Record<string, unknown>>,
  batch: Batch,
  outcome: Outcome,
  run: Run,
): Promise<void> {
  // All of them, in order, where there is one group and one call: then there is nothing to pick.
  const representations =
    members.length === batch.representations.length
      ? batch.representations
      : members.map((member) => batch.representations[member]);
  const answer = await ask(step, { ...variables, ...context, representations }, run);
  const fail = (failure: Failure): void => {
    for (const member of members) outcome.failures[member] = failure;
  };
  if ('failure' in answer) return fail(answer.failure);
  const entities = answer.data?._entities;
  const usable = Array.isArray(entities) && entities.length === members.length;
  if (usable) {
    for (let index = 0; index < members.length; index++) {
      outcome.entities[members[index] ?? index] = entityOf(entities[index]);
    }
  }
  if (!usable && answer.errors.length === 0) {
    return fail({
      message: `Subgraph "${step.subgraph.name}" answered with ${Array.isArray(entities) ? entities.length : 'no'} entities for ${members.length} representations.`,
      extensions: { code: 'SUBGRAPH_FAILED', subgraph: step.subgraph.name },
      quiet: false,
    });
  }
  for (const error of answer.errors) reportEntityError(step, members, error, usable, batch, outcome, run);
  if (usable) return;
  const quiet: Failure = { ...safeError(answer.errors[0], step.subgraph.name), quiet: true };
  for (const member of members) outcome.failures[member] ??= quiet;
}

const entityOf = (value: unknown): Data | null => (isData(value) ? value : null);

function reportEntityError(
  step: FetchStep,
  members: readonly number[],
  error: unknown,
  usable: boolean,
  batch: Batch,
  outcome: Outcome,
  run: Run,
): void {
  const safe = safeError(error, step.subgraph.name);
  const path = clientPath(step, pathOf(error));
  const member = path?.[0] === '_entities' && typeof path[1] === 'number' ? members[path[1]] : undefined;
  if (path === undefined || member === undefined) {
    // An error of the whole fetch. With entities all the same, it is told without a path.
    const failure: Failure = { ...safe, quiet: false };
    if (!usable) for (const each of members) outcome.failures[each] ??= failure;
    else for (const errors of run.errors) report(errors, safe);
    return;
  }
  const below = path.slice(2);
  const entity = outcome.entities[member];
  if (below.length === 0) {
    outcome.failures[member] ??= { ...safe, quiet: false };
    return;
  }
  reportBelow(step, member, below, safe, batch, run);
  if (entity === null || entity === undefined) outcome.failures[member] ??= { ...safe, quiet: true };
}

/** Reports an error inside an entity at every place where the entity stands. */
function reportBelow(
  step: FetchStep,
  member: number,
  below: ResponsePath,
  error: SafeError,
  batch: Batch,
  run: Run,
): void {
  // Each search costs a walk over the data, so none is made for errors that would be dropped.
  if (run.errors.every((errors) => errors.length >= maximumErrors)) return;
  const standing = new Set(batch.objects.filter((_, index) => batch.representationOf[index] === member));
  run.roots.forEach((root, index) => {
    walkAt(root, step.path, (object, trail) => {
      const errors = run.errors[index];
      if (errors !== undefined && standing.has(object)) report(errors, error, [...trail.keys, ...below]);
    });
  });
}

function mergeAll(step: FetchStep, batch: Batch, outcome: Outcome, run: Run): void {
  const rewritten = step.rewriteOutput === null ? null : new Set<Data>();
  for (let index = 0; index < batch.objects.length; index++) {
    const object = batch.objects[index];
    const member = batch.representationOf[index] ?? -1;
    if (object === undefined || member === -1) continue;
    const entity = outcome.entities[member];
    if (entity !== null && entity !== undefined) {
      if (step.rewriteOutput !== null && rewritten?.has(entity) === false) {
        rewritten.add(entity);
        rewriteEntity(entity, object, step.rewriteOutput);
      }
      mergeEntity(object, entity, step, run.types);
    }
    const failure = outcome.failures[member];
    if (failure !== undefined) run.failures.mark(object, step.keys, failure, rootOf(batch, index));
  }
}

/** The rewrites go by type, which the entity may not say itself; the object says it, for now. */
function rewriteEntity(entity: Data, object: Data, rewrite: Rewrite): void {
  const untyped = entity.__typename === undefined;
  if (untyped) entity.__typename = object.__typename;
  rewrite(entity);
  if (untyped) delete entity.__typename;
}

/** A subgraph with an interface object knows no more than the interface's name: it must not replace a type's own. */
function mergeEntity(object: Data, entity: Data, step: FetchStep, types: TypeRelations): void {
  const known = object.__typename;
  if (step.mergedKeys === null) mergeInto(object, entity);
  else mergeKeysInto(object, entity, step.mergedKeys);
  if (
    typeof known === 'string' &&
    object.__typename !== known &&
    types.isAbstract(String(object.__typename))
  ) {
    object.__typename = known;
  }
}
