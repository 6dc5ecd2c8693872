import type { DocumentNode, FragmentDefinitionNode, OperationDefinitionNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import { requestError } from '../execution/errors.ts';
import {
  compileFetch,
  compilePlan,
  type FetchStep,
  type PlanContext,
  type Step,
  usesContext,
} from '../execution/plan.ts';
import { compileShape, type ObjectShape, type ShapeContext } from '../execution/shape.ts';
import { compileTextPlan, type TextPlan } from '../execution/text/text-plan.ts';
import { Weight } from '../execution/weight.ts';
import { type Conditions, conditionVariables, withoutConditions } from './conditions.ts';
import { withDirectiveDefaults } from './executable-directives.ts';
import type { Overrides } from './overrides.ts';
import { withKeys } from './safe-aliases.ts';
import type { LoadedSupergraph } from './supergraph.ts';
import { tokensIn } from './tokens.ts';

/** An operation, planned and compiled for one combination of `@skip` and `@include` values and of overrides. */
export interface Variant {
  /** What is planned: this operation without its conditions. */
  readonly planned: DocumentNode;
  /** True when conditions left nothing of some selection set, and `__typename` is planned in its place. */
  readonly emptied: boolean;
  readonly shape: ObjectShape;
  /** The event of a subscription; null for queries and mutations. */
  readonly primary: FetchStep | null;
  /** What to run: for a subscription, the joins of an event. Null when there is nothing to fetch. */
  readonly plan: Step | null;
  /** The plan for the texts of answers, compiled when first asked for; null where it needs values. */
  readonly textPlan: () => TextPlan | null;
  /** False when equal entities may have different joins below them. */
  readonly deduplicate: boolean;
}

/** Variants kept of one operation; the least recently used one goes. */
const maximumVariants = 32;

interface Kept {
  readonly variant: Variant;
  readonly weight: Weight;
}

/**
 * Variants of an operation by coerced variables; what is kept of them is added to `weight`. The function throws a
 * GraphQLError for what cannot be planned.
 */
export function variantsOf(
  supergraph: LoadedSupergraph,
  definition: OperationDefinitionNode,
  fragments: readonly FragmentDefinitionNode[],
  weight: Weight,
): (coerced: Conditions, overrides: Overrides) => Variant {
  const nodes = [definition, ...fragments];
  const names = conditionVariables(nodes);
  const size = nodes.reduce((sum, node) => sum + tokensIn(node).names, 0);
  const variants = new LRUCache<string, Kept>({
    max: maximumVariants,
    dispose: (kept) => kept.weight.drop(),
  });
  return (coerced, overrides) => {
    const key = keyOf(names, coerced, overrides);
    const known = variants.get(key);
    if (known !== undefined) return known.variant;
    const conditions = Object.fromEntries(names.map((name) => [name, coerced[name]]));
    const own = new Weight();
    own.add('variant');
    own.add('plannedName', size);
    const parts = { definition, fragments, conditions, overrides, weight: own };
    const variant = makeVariant(supergraph, parts);
    own.keep((bytes) => weight.change(bytes));
    variants.set(key, { variant, weight: own });
    return variant;
  };
}

function keyOf(names: readonly string[], coerced: Conditions, overrides: Overrides): string {
  let key = '';
  for (const name of names) key += coerced[name] === true ? '1' : '0';
  for (const holds of overrides.values()) key += holds ? '1' : '0';
  return key;
}

interface VariantParts {
  readonly definition: OperationDefinitionNode;
  readonly fragments: readonly FragmentDefinitionNode[];
  readonly conditions: Conditions;
  readonly overrides: Overrides;
  readonly weight: Weight;
}

function makeVariant(supergraph: LoadedSupergraph, parts: VariantParts): Variant {
  const { definition, fragments, conditions, overrides, weight } = parts;
  const { document, emptied } = withoutConditions(definition, fragments, conditions);
  const planned = withDirectiveDefaults(document, supergraph.apiSchema);
  const keys = supergraph.aliases.keysOf(planned);
  const context: PlanContext = { ...supergraph, keys, weight };
  const { node } = supergraph.plan(withKeys(planned, keys), overrides);
  const primary = node?.kind === 'Subscription' ? compileFetch(node.primary, context, []) : null;
  const rest = node?.kind === 'Subscription' ? node.rest : node;
  const plan = rest === undefined ? null : compilePlan(rest, context);
  const covered = new Set(primary?.keys);
  if (plan !== null) addRootKeys(plan, covered);
  const shape = shapeOf(supergraph, definition, { fragments, conditions, keys, weight });
  checkCoverage(shape, covered);
  const deduplicate = plan === null || !usesContext(plan);
  let textPlan: TextPlan | null | undefined;
  return {
    planned,
    emptied,
    shape,
    primary,
    plan,
    textPlan: () => {
      if (textPlan === undefined)
        textPlan = plan === null ? null : compileTextPlan(plan, shape, supergraph.types, weight);
      return textPlan;
    },
    deduplicate,
  };
}

function shapeOf(
  { apiSchema, types }: LoadedSupergraph,
  definition: OperationDefinitionNode,
  {
    fragments,
    ...context
  }: { readonly fragments: readonly FragmentDefinitionNode[] } & Pick<
    ShapeContext,
    'conditions' | 'keys' | 'weight'
  >,
): ObjectShape {
  const root = apiSchema.getRootType(definition.operation);
  if (root === undefined || root === null) {
    throw requestError(`The schema has no ${definition.operation} type.`, 'BAD_REQUEST');
  }
  const byName = new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
  return compileShape(root, [definition.selectionSet], {
    schema: apiSchema,
    types,
    fragments: byName,
    ...context,
  });
}

/** Keys of the root that some fetch of the plan fills. */
function addRootKeys(step: Step, into: Set<string>): void {
  if (step.kind !== 'fetch') for (const child of step.steps) addRootKeys(child, into);
  else if (step.path.length === 0) for (const key of step.keys) into.add(key);
}

/**
 * The planner gives up a root field in silence when nothing follows on its branch, such as an interface that no type
 * implements; its null would look like an answer.
 */
function checkCoverage(shape: ObjectShape, covered: ReadonlySet<string>): void {
  for (const { plannedKey, coordinate, value } of shape.fields) {
    if (value.kind === 'typename' || value.kind === 'introspection' || covered.has(plannedKey)) continue;
    throw requestError(`No subgraph can answer ${coordinate} with what is selected of it.`, 'BAD_REQUEST');
  }
}
