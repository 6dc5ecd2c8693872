import type { FetchNode, PlanNode, QueryPlan } from '@apollo/query-planner';

type Root = NonNullable<QueryPlan['node']>;

export interface FetchAt {
  readonly fetch: FetchNode;
  /** Response keys from the root to the objects that it is for, without lists and type conditions. */
  readonly path: readonly string[];
}

export function fetchesOf(node: Root, path: readonly string[] = []): FetchAt[] {
  switch (node.kind) {
    case 'Subscription':
      return [{ fetch: node.primary, path }, ...(node.rest === undefined ? [] : fetchesOf(node.rest, path))];
    case 'Sequence':
    case 'Parallel':
      return node.nodes.flatMap((child) => fetchesOf(child, path));
    case 'Flatten':
      return fetchesOf(node.node, [...path, ...node.path.flatMap(keyIn)]);
    case 'Fetch':
      return [{ fetch: node, path }];
    case 'Condition':
    case 'Defer':
      // Conditions are decided before planning, and @defer is off in the planner.
      return [];
  }
}

/** `@` stands for a list, `|[A,B]` behind either for a type condition. */
function keyIn(element: string | number): string[] {
  const [key = ''] = String(element).split('|[');
  return key === '' || key === '@' ? [] : [key];
}

/** The plan with other fetches in the places of these. */
export function withFetches(plan: QueryPlan, others: ReadonlyMap<FetchNode, FetchNode>): QueryPlan {
  const replace = (fetch: FetchNode): FetchNode => others.get(fetch) ?? fetch;
  return mapFetches(plan, replace, replace);
}

/** `primary`: for what a subscription begins with, which stays one fetch. */
export function mapFetches(
  plan: QueryPlan,
  map: (fetch: FetchNode) => PlanNode,
  primary: (fetch: FetchNode) => FetchNode,
): QueryPlan {
  const { node } = plan;
  if (node === undefined) return plan;
  if (node.kind !== 'Subscription') return { ...plan, node: mapIn(node, map) };
  const rest = node.rest === undefined ? {} : { rest: mapIn(node.rest, map) };
  return { ...plan, node: { ...node, primary: primary(node.primary), ...rest } };
}

function mapIn(node: PlanNode, map: (fetch: FetchNode) => PlanNode): PlanNode {
  if (node.kind === 'Fetch') return map(node);
  if (node.kind === 'Flatten') return { ...node, node: mapIn(node.node, map) };
  if (node.kind !== 'Sequence' && node.kind !== 'Parallel') return node;
  return { ...node, nodes: node.nodes.map((child) => mapIn(child, map)) };
}
