import type { QueryPlan, QueryPlanSelectionNode } from '@apollo/query-planner';
import { OperationTypeNode, parse } from 'graphql';
import { expect, test } from 'vitest';
import { checkInputs } from '../../../gateway/generation/missing-inputs.ts';
import { withVirtualFields } from '../../../gateway/generation/virtual-fields.ts';

const virtual = withVirtualFields(
  parse(`
    enum join__Graph { A @join__graph(name: "a", url: "") }
    type User @join__type(graph: A, key: "name") { name: ID! }
    type Post @join__type(graph: A, key: "id") {
      id: ID! name: String @join__field(graph: A, external: true) title: String @join__field(graph: A, requires: "name")
    }`),
);

/** A fetch of a post's title; what posts and users bring along. */
const planWith = (post: string, user: string): QueryPlan => {
  const bring = (typeCondition: string, name: string): QueryPlanSelectionNode => ({
    kind: 'InlineFragment',
    typeCondition,
    selections: [{ kind: 'Field', name }],
  });
  return {
    kind: 'QueryPlan',
    node: {
      kind: 'Fetch',
      serviceName: 'a',
      requires: [bring('Post', post), bring('User', user)],
      operation:
        'query Titles($representations:[_Any!]!){_entities(representations:$representations){...on Post{title}...on User{name}}}',
      operationKind: OperationTypeNode.QUERY,
      operationName: 'Titles',
    },
  };
};

test('what one type brings along, and what is a key of one, is not given to another', () => {
  expect(() => checkInputs(planWith('name', 'name'), virtual)).not.toThrow();
  expect(() => checkInputs(planWith('id', 'name'), virtual)).toThrow('Post.title cannot be answered here');
});
