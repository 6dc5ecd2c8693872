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
  const { node } = plan;
  const replace = (each: FetchNode): FetchNode => others.get(each) ?? each;
  if (node === undefined) return plan;
  if (node.kind !== 'Subscription') return { ...plan, node: replaceIn(node, replace) };
  const rest = node.rest === undefined ? {} : { rest: replaceIn(node.rest, replace) };
  return { ...plan, node: { ...node, primary: replace(node.primary), ...rest } };
}

function replaceIn(node: PlanNode, replace: (fetch: FetchNode) => FetchNode): PlanNode {
  if (node.kind === 'Fetch') return replace(node);
  if (node.kind === 'Flatten') return { ...node, node: replaceIn(node.node, replace) };
  if (node.kind !== 'Sequence' && node.kind !== 'Parallel') return node;
  return { ...node, nodes: node.nodes.map((child) => replaceIn(child, replace)) };
}
