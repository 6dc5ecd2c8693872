import { query } from './clients.ts';

export interface Connection<Node> {
  readonly nodes: readonly Node[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** What every page of a connection selects besides its nodes. */
export const pageInfo = 'pageInfo { hasNextPage endCursor }';

/** The data of a query that has to be right in all its parts. */
export const dataOf = async <Data>(url: string, text: string): Promise<Data> => {
  const { data, errors } = await query(url, text);
  if (errors !== undefined || !data) throw new Error(`${text}: ${JSON.stringify(errors)}`);
  return data as Data;
};

/**
 * All nodes of a connection, page after page. `text` makes the query of the page from its `after` argument, of which the
 * first is none; `find` takes the connection from its data.
 */
export const allNodes = async <Node>(
  url: string,
  text: (after: string) => string,
  find: (data: never) => Connection<Node>,
): Promise<Node[]> => {
  const nodes: Node[] = [];
  let after = '';
  for (;;) {
    const page = find(await dataOf<never>(url, text(after)));
    nodes.push(...page.nodes);
    if (!page.pageInfo.hasNextPage) return nodes;
    after = `, after: ${JSON.stringify(page.pageInfo.endCursor)}`;
  }
};
