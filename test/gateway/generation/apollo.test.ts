import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { afterEach, expect, test } from 'vitest';
import { type ApolloBridge, createApolloBridge } from '../../../gateway/generation/apollo.ts';
import { buildGraph, type Graph, takeFetches } from '../execution/graph.ts';

const servers: ApolloServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function start(
  graph: Graph,
): Promise<{ bridge: ApolloBridge; post: (body: unknown) => Promise<[number, unknown]> }> {
  const bridge = createApolloBridge({
    generation: graph.generation,
    forwardHeaders: ({ request }) => {
      const token = request.http?.headers.get('authorization');
      return typeof token === 'string' ? { authorization: token } : {};
    },
  });
  const server = new ApolloServer({ gateway: bridge, includeStacktraceInErrorResponses: false });
  servers.push(server);
  const { url } = await startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' } });
  const post = async (body: unknown): Promise<[number, unknown]> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'me' },
      body: JSON.stringify(body),
    });
    return [response.status, await response.json()];
  };
  return { bridge, post };
}

const graphOf = (field: string): Graph =>
  buildGraph({
    a: {
      typeDefs: `type Query { ${field}(n: Int): Int }`,
      resolvers: { Query: { [field]: (_: unknown, { n }: { n: number }) => n } },
    },
  });

test('@apollo/server serves a generation', async () => {
  const graph = graphOf('echo');
  const { post } = await start(graph);
  const after = { topic: [[0, 1]] };
  expect(
    await post({
      query: 'query($n: Int) { echo(n: $n) }',
      variables: { n: 3 },
      extensions: { tributary: { after } },
    }),
  ).toEqual([200, { data: { echo: 3 } }]);
  expect(takeFetches(graph)[0]?.request).toMatchObject({
    extensions: { tributary: { after } },
    headers: { authorization: 'me' },
  });
});

test('request errors answer 400', async () => {
  const { post } = await start(graphOf('echo'));
  const [status, body] = await post({ query: 'query($n: Int) { echo(n: $n) }', variables: { n: 'x' } });
  expect(status).toBe(400);
  expect(body).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  const [refused, reason] = await post({
    query: '{ echo }',
    extensions: { tributary: { after: { t: [1] } } },
  });
  expect(refused).toBe(400);
  expect(reason).toMatchObject({
    errors: [{ extensions: { code: 'BAD_REQUEST' }, message: /tributary\.after/ }],
  });
});

test('a request that has begun ends in its generation, the next one begins in the new', async () => {
  const old = graphOf('old');
  const { bridge, post } = await start(old);
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<{ data: { old: number } }>();
  old.intercept = () => {
    asked.resolve();
    return answer.promise;
  };
  const first = post({ query: '{ old(n: 1) }' });
  await asked.promise;
  bridge.use(graphOf('young').generation);
  expect(await post({ query: '{ young(n: 2) }' })).toEqual([200, { data: { young: 2 } }]);
  answer.resolve({ data: { old: 1 } });
  expect(await first).toEqual([200, { data: { old: 1 } }]);
  expect((await post({ query: '{ old(n: 1) }' }))[0]).toBe(400);
});
