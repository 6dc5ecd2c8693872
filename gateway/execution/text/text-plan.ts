import type { FetchStep, Step } from '../plan.ts';
import type { ObjectShape } from '../shape.ts';
import type { TypeRelations } from '../types.ts';
import type { Weight } from '../weight.ts';
import { NodeBuilder, PlanNodes, unlessUnfit } from './build-nodes.ts';
import { type CheckedFetch, checkSlots } from './check-slots.ts';
import { type FieldNode, nodesAt, type ObjectNode, partsOf } from './nodes.ts';
import { type Place, rootPlace } from './places.ts';
import { formOf } from './representation-form.ts';
import type { KeyRange, Source, Target } from './representations.ts';
import { compileScan, maximumSources, type ScanAnswer } from './scanner.ts';
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
  readonly scan: ScanAnswer;
  /** Null for a fetch of root fields. */
  readonly target: Target | null;
}

/** A fetch while its plan is compiled. */
interface Draft extends CheckedFetch {
  readonly step: FetchStep;
}

/**
 * Null where something needs values: inputs that are more than leaves, rewrites, merged objects. Where only objects of some
 * types do, answers that have them are run on values.
 */
export function compileTextPlan(
  steps: Step,
  shape: ObjectShape,
  types: TypeRelations,
  weight: Weight,
): TextPlan | null {
  return unlessUnfit(() => new Compilation(shape, types, weight).compile(steps));
}

class Compilation {
  readonly #shape: ObjectShape;
  readonly #plan: PlanNodes;
  readonly #weight: Weight;
  readonly #drafts: Draft[] = [];
  /** How many fetches are for objects of each fetch. */
  readonly #marks: number[] = [];

  constructor(shape: ObjectShape, types: TypeRelations, weight: Weight) {
    this.#shape = shape;
    this.#weight = weight;
    this.#plan = new PlanNodes(types);
  }

  compile(steps: Step): TextPlan {
    for (const step of fetchesOf(steps)) {
      this.#drafts.push(this.#draft(step));
      // Objects that were not made for that are no objects which need values.
      if (this.#plan.tooMany) throw new Unfit();
    }
    const root = rootPlace(this.#shape, this.#roots());
    // Their records are found by their places in the list.
    for (const { nodes } of this.#drafts) for (const node of nodes) node.noted = true;
    checkSlots(root, this.#drafts);
    const fetches = this.#drafts.map(({ step, nodes, target }, number): [FetchStep, TextFetch] => {
      const scan = compileScan(nodes, target !== null, this.#marks[number] ?? 0, this.#weight);
      return [step, { number, target, scan }];
    });
    this.#plan.weigh(this.#weight);
    return { steps, fetches: new Map(fetches), root };
  }

  #roots(): readonly ObjectNode[] {
    return this.#drafts.flatMap(({ nodes, target }) => (target === null ? nodes : []));
  }

  #draft(step: FetchStep): Draft {
    const { represent, path, query } = step;
    if (!step.shared || step.rewriteOutput !== null || step.context !== null) throw new Unfit();
    const builder = new NodeBuilder(this.#drafts.length, query, this.#plan);
    if (represent !== null) return this.#entities(step, builder);
    if (path.length > 0) throw new Unfit();
    return { step, nodes: [builder.root(this.#shape)], target: null, objects: [] };
  }

  #entities(step: FetchStep, builder: NodeBuilder): Draft {
    const objects = nodesAt(this.#roots(), step.path);
    const [first] = objects;
    // Of several answers, no order would be known.
    if (first === undefined || objects.some(({ fetch }) => fetch !== first.fetch)) throw new Unfit();
    const mark = this.#marks[first.fetch] ?? 0;
    this.#marks[first.fetch] = mark + 1;
    const nodes: ObjectNode[] = [];
    const sources: Source[] = [];
    for (const object of objects) {
      const joined = unlessUnfit(() => this.#join(object, step, builder));
      if (joined === null) object.fit = false;
      else if (joined !== 'not asked about') {
        const { node, told, keys } = joined;
        if (!nodes.includes(node)) nodes.push(node);
        const slot = object.slot();
        object.joins.push({ node, slot, mark, source: sources.length });
        const needs = keys.flatMap(({ join }) => (join === null ? [] : [join.fetch]));
        sources.push({ slot, told, entity: nodes.indexOf(node), keys, needs });
      }
    }
    if (sources.length === 0 || sources.length > maximumSources) throw new Unfit();
    const joined = objects.filter(({ joins }) => joins.some((join) => nodes.includes(join.node)));
    return { step, nodes, target: { owner: first.fetch, mark, sources }, objects: joined };
  }

  #join(object: ObjectNode, { represent, fallbacks }: FetchStep, builder: NodeBuilder) {
    const { typename } = object.shape;
    const isTold = object.fields.some(({ key, value }) => key === '__typename' && value.kind === 'constant');
    if (represent === null || !isTold) throw new Unfit();
    const form = formOf(represent, typename, this.#plan.types, (key) => fieldOf(object, key) !== null);
    if (form === null) {
      // They would be asked for less.
      if (fallbacks.length > 0) throw new Unfit();
      return 'not asked about';
    }
    const keys = form.fields.map(({ name, from }, index): KeyRange => {
      const found = fieldOf(object, from);
      if (found === null) throw new Unfit();
      const { node, field, join } = found;
      field.useAsKey(node.slot);
      const head = index === 0 ? `{"__typename":${JSON.stringify(form.typename)}` : '';
      return {
        join,
        from: field.valueSlot,
        to: field.endSlot,
        before: textOf(`${head},${JSON.stringify(name)}:`),
      };
    });
    const told = `${form.typename} ${form.fields.map(({ name }) => name).join()}`;
    return { node: builder.entity(object.shape, form.typename), told, keys };
  }
}

/** In an order in which each comes behind those that it needs. */
function fetchesOf(step: Step): FetchStep[] {
  return step.kind === 'fetch' ? [step] : step.steps.flatMap(fetchesOf);
}

/** A field of an object, as it came or as another fetch gave it. */
function fieldOf(
  object: ObjectNode,
  key: string,
): { readonly node: ObjectNode; readonly field: FieldNode; readonly join: KeyRange['join'] } | null {
  for (const [part, node] of partsOf(object).entries()) {
    const field = node.fields.find((each) => each.key === key);
    const join = object.joins[part - 1];
    if (field !== undefined) {
      return { node, field, join: join === undefined ? null : { fetch: node.fetch, slot: join.slot } };
    }
  }
  return null;
}
