import type {
  FetchDataRewrite,
  FetchNode,
  PlanNode,
  QueryPlan,
  QueryPlanSelectionNode,
} from '@apollo/query-planner';
import {
  type DocumentNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
  stripIgnoredCharacters,
  visit,
} from 'graphql';
import type { FetchWithFallbacks } from '../execution/plan.ts';
import { fieldName } from './field-sets.ts';
import { mapFetches } from './plan-fetches.ts';
import type { Inputs, VirtualFields } from './virtual-fields.ts';

/**
 * Takes the virtual fields out of a plan: in the queries the real field comes back, with its arguments and the virtual
 * name as alias; in the representations the virtual name becomes the real one. A fetch whose fields need the same input
 * with different arguments is split, since a representation has room for one of them. A fetch whose fields need
 * different inputs gets fallbacks: the planner makes one fetch of what different types select at a path, so an object
 * may lack an input of a field that is not selected for it.
 */
export function mendPlan(plan: QueryPlan, virtual: VirtualFields): QueryPlan {
  if (!virtual.hasInputs) return plan;
  return mapFetches(
    plan,
    (fetch) => mendFetch(fetch, virtual),
    (primary) => ({ ...primary, operation: realOperation(parseFetch(primary), virtual) }),
  );
}

function mendFetch(node: FetchNode, virtual: VirtualFields): PlanNode {
  const whole: FetchPart = { document: parseFetch(node), requires: node.requires };
  const nodes = splitFetch(node, whole, virtual, agree).map((part): FetchWithFallbacks => {
    const byInputs = splitFetch(node, part, virtual, equal);
    const mended = finishFetch(node, part, virtual);
    return byInputs.length < 2
      ? mended
      : { ...mended, fallbacks: byInputs.map((each) => finishFetch(node, each, virtual)) };
  });
  const [first] = nodes;
  return nodes.length === 1 && first !== undefined ? first : { kind: 'Parallel', nodes };
}

const parseFetch = (node: FetchNode): DocumentNode => parse(node.operation, { noLocation: true });

function finishFetch(node: FetchNode, { document, requires }: FetchPart, virtual: VirtualFields): FetchNode {
  const renames = requires === undefined ? [] : renamesOf(requires, [], virtual);
  const used = variablesIn(document);
  return {
    ...node,
    operation: realOperation(document, virtual),
    variableUsages: (node.variableUsages ?? []).filter((name) => used.has(name)),
    ...(requires === undefined ? {} : { requires }),
    ...(renames.length === 0 ? {} : { inputRewrites: [...(node.inputRewrites ?? []), ...renames] }),
  };
}

function realOperation(document: DocumentNode, { byName }: VirtualFields): string {
  const real = visit(document, {
    Field: (field) => {
      const known = byName.get(field.name.value);
      if (known === undefined) return undefined;
      const name = { kind: Kind.NAME, value: known.field } as const;
      return { ...field, alias: field.alias ?? field.name, name, arguments: known.arguments };
    },
  });
  return stripIgnoredCharacters(print(real));
}

/** Renames in a representation, by the paths of the planner's own rewrites. */
function renamesOf(
  selections: readonly QueryPlanSelectionNode[],
  path: readonly string[],
  virtual: VirtualFields,
): FetchDataRewrite[] {
  return selections.flatMap((selection): FetchDataRewrite[] => {
    if (selection.kind === 'InlineFragment') {
      const condition = selection.typeCondition;
      const inner = condition === undefined ? path : [...path, `... on ${condition}`];
      return renamesOf(selection.selections, inner, virtual);
    }
    const own: readonly string[] = [...path, selection.alias ?? selection.name];
    const below = renamesOf(selection.selections ?? [], own, virtual);
    const known = virtual.byName.get(selection.name);
    // What lies below is renamed first, while the path to it still holds.
    return known === undefined
      ? below
      : [...below, { kind: 'KeyRenamer', path: [...own], renameKeyTo: known.field }];
  });
}

/** Some fields of a fetch, and what they take. */
interface FetchPart {
  readonly document: DocumentNode;
  readonly requires: QueryPlanSelectionNode[] | undefined;
}

/** Fields of the entities that one representation can serve, and what they take from it. */
interface FieldGroup {
  readonly types: Set<string>;
  readonly fields: Set<string>;
  readonly inputs: Map<string, string>;
}

/** The parts of a fetch whose fields get on with each other, as `fits` sees it. */
function splitFetch(
  node: FetchNode,
  part: FetchPart,
  virtual: VirtualFields,
  fits: (a: Inputs, b: Inputs) => boolean,
): FetchPart[] {
  const { document, requires } = part;
  const groups = requires === undefined ? [] : groupFields(node, document, virtual, fits);
  if (requires === undefined || groups.length < 2) return [part];
  const keys = virtual.keysOf(node.serviceName);
  const isKey = ({ types }: FieldGroup, path: string): boolean =>
    [...types].some((type) => keys.has(fieldName(type, path)));
  const others = new Set(
    groups.flatMap((group) => [...group.inputs.keys()].filter((path) => !isKey(group, path))),
  );
  return groups.map((group) => ({
    document: onlyFields(document, group),
    requires: inputsFor(requires, group, others, virtual),
  }));
}

function groupFields(
  node: FetchNode,
  document: DocumentNode,
  virtual: VirtualFields,
  fits: (a: Inputs, b: Inputs) => boolean,
): FieldGroup[] {
  const groups: FieldGroup[] = [];
  forEachEntityField(document, (type, field, key) => {
    const inputs: Inputs = virtual.inputsOf(node.serviceName, type, field) ?? new Map();
    const known = groups.find((each) => fits(each.inputs, inputs));
    const group = known ?? { types: new Set(), fields: new Set(), inputs: new Map() };
    if (known === undefined) groups.push(group);
    group.types.add(type);
    group.fields.add(`${type} ${key}`);
    for (const [path, source] of inputs) group.inputs.set(path, source);
  });
  return groups;
}

const agree = (a: Inputs, b: Inputs): boolean =>
  [...b].every(([path, source]) => (a.get(path) ?? source) === source);

const equal = (a: Inputs, b: Inputs): boolean =>
  a.size === b.size && [...b].every(([path, source]) => a.get(path) === source);

function forEachEntityField(
  document: DocumentNode,
  call: (type: string, field: string, key: string) => void,
): void {
  onlyEntityFields(document, (type, selection) => {
    call(type, selection.name.value, selection.alias?.value ?? selection.name.value);
    return true;
  });
}

const onlyFields = (document: DocumentNode, { fields }: FieldGroup): DocumentNode =>
  onlyEntityFields(document, (type, selection) =>
    fields.has(`${type} ${selection.alias?.value ?? selection.name.value}`),
  );

/** The document with those fields of the entities that `keep` keeps, and with the variables that they use. */
function onlyEntityFields(
  document: DocumentNode,
  keep: (type: string, selection: Extract<SelectionNode, { kind: Kind.FIELD }>) => boolean,
): DocumentNode {
  const filter = (set: SelectionSetNode, type: string): SelectionSetNode => ({
    ...set,
    selections: set.selections.flatMap((selection): SelectionNode[] => {
      if (selection.kind === Kind.FIELD) return keep(type, selection) ? [selection] : [];
      if (selection.kind === Kind.FRAGMENT_SPREAD) return [selection];
      const inner = filter(selection.selectionSet, selection.typeCondition?.name.value ?? type);
      return inner.selections.length === 0 ? [] : [{ ...selection, selectionSet: inner }];
    }),
  });
  const definitions = document.definitions.map((definition) => {
    if (definition.kind !== Kind.OPERATION_DEFINITION) return definition;
    const selections = definition.selectionSet.selections.map((root) =>
      root.kind === Kind.FIELD && root.selectionSet !== undefined
        ? { ...root, selectionSet: filter(root.selectionSet, '') }
        : root,
    );
    return usedVariablesOnly({ ...definition, selectionSet: { kind: Kind.SELECTION_SET, selections } });
  });
  return { ...document, definitions };
}

function usedVariablesOnly(definition: OperationDefinitionNode): OperationDefinitionNode {
  const used = variablesIn({ kind: Kind.DOCUMENT, definitions: [definition] });
  const kept = (definition.variableDefinitions ?? []).filter(({ variable }) => used.has(variable.name.value));
  return { ...definition, variableDefinitions: kept };
}

function variablesIn(document: DocumentNode): ReadonlySet<string> {
  const names = new Set<string>();
  visit(document, {
    VariableDefinition: () => false,
    Variable: (variable) => {
      names.add(variable.name.value);
    },
  });
  return names;
}

/** The inputs without those that only other groups take. */
function inputsFor(
  selections: readonly QueryPlanSelectionNode[],
  group: FieldGroup,
  others: ReadonlySet<string>,
  virtual: VirtualFields,
  path = '',
): QueryPlanSelectionNode[] {
  return selections.flatMap((selection): QueryPlanSelectionNode[] => {
    if (selection.kind === 'InlineFragment') {
      return [{ ...selection, selections: inputsFor(selection.selections, group, others, virtual, path) }];
    }
    const field = virtual.byName.get(selection.name)?.field ?? selection.name;
    const at = path === '' ? field : `${path}.${field}`;
    const source = group.inputs.get(at) ?? (others.has(at) ? undefined : field);
    if (source !== selection.name) return [];
    if (selection.selections === undefined) return [selection];
    return [{ ...selection, selections: inputsFor(selection.selections, group, others, virtual, at) }];
  });
}
