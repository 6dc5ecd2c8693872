import type { FetchStep, Step } from '../plan.ts';
import type { ObjectShape } from '../shape.ts';
import { nodeAt, type ObjectNode, objectNode } from './nodes.ts';
import { type Place, rootPlace } from './places.ts';
import type { Target } from './representations.ts';
import { compileScan, type Scan } from './scanner.ts';
import { readEntities, readRoot } from './selection.ts';
import { textOf } from './sink.ts';
import { Unfit } from './unfit.ts';

/**
 * A plan whose answers are put together from the texts of subgraphs, without parsing them: what is asked is known, so is
 * the form of what comes.
 */
export interface TextPlan {
  readonly steps: Step;
  readonly fetches: ReadonlyMap<FetchStep, TextFetch>;
  readonly root: Place;
}

export interface TextFetch {
  readonly number: number;
  readonly scan: Scan;
  /** Null for a fetch of root fields. */
  readonly target: Target | null;
}

/** A fetch while its plan is compiled. */
interface Draft {
  readonly step: FetchStep;
  readonly node: ObjectNode;
  readonly target: Target | null;
}

/**
 * Null where something needs values: abstract types, inputs that are more than leaves or that other fetches gave,
 * rewrites, merged objects. Fallbacks are not needed: no object lacks an input where answers are as they should be.
 */
export function compileTextPlan(steps: Step, shape: ObjectShape): TextPlan | null {
  try {
    const marks: number[] = [];
    const drafts: Draft[] = [];
    for (const step of fetchesOf(steps)) drafts.push(draftOf(step, shape, drafts, marks));
    const root = rootPlace(
      shape,
      drafts.filter(({ target }) => target === null).map(({ node }) => node),
    );
    const fetches = drafts.map(({ step, node, target }, number): [FetchStep, TextFetch] => [
      step,
      { number, target, scan: compileScan(node, target !== null, marks[number] ?? 0) },
    ]);
    return { steps, fetches: new Map(fetches), root };
  } catch (error) {
    if (error instanceof Unfit) return null;
    throw error;
  }
}

/** In an order in which each comes behind those that it needs. */
function fetchesOf(step: Step): FetchStep[] {
  return step.kind === 'fetch' ? [step] : step.steps.flatMap(fetchesOf);
}

function draftOf(step: FetchStep, shape: ObjectShape, before: readonly Draft[], marks: number[]): Draft {
  const { represent, path } = step;
  if (!step.shared || step.rewriteOutput !== null || step.context !== null) throw new Unfit();
  const number = before.length;
  if (represent === null) {
    if (path.length > 0) throw new Unfit();
    return { step, node: objectNode(number, readRoot(step.query), shape), target: null };
  }
  const roots = before.filter(({ target }) => target === null).map(({ node }) => node);
  const object = nodeAt(roots, path);
  const { typename } = object.shape;
  const entities = readEntities(step.query);
  const leaves = represent.leavesOf(typename);
  const isTold = object.fields.some(({ key, value }) => key === '__typename' && value.kind === 'constant');
  if (leaves === null || entities.typename !== typename || !isTold) throw new Unfit();
  const keys = leaves.keys.map((name) => {
    const field = object.fields.find(({ key }) => key === name);
    if (field === undefined) throw new Unfit();
    field.useAsKey(object.slot);
    return field;
  });
  const node = objectNode(number, entities.fields, object.shape);
  const mark = marks[object.fetch] ?? 0;
  marks[object.fetch] = mark + 1;
  const slot = object.slot();
  object.joins.push({ node, slot, mark });
  const ranges = keys.map(({ key, valueSlot, endSlot }, index) => ({
    from: valueSlot,
    to: endSlot,
    before: textOf(
      `${index === 0 ? `{"__typename":${JSON.stringify(typename)}` : ''},${JSON.stringify(key)}:`,
    ),
  }));
  return { step, node, target: { owner: object.fetch, mark, slot, keys: ranges } };
}
