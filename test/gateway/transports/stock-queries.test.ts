import { createHash } from 'node:crypto';
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { ApolloServer } from '@apollo/server';
import { fetchExchange, Client as UrqlClient } from '@urql/core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startWorld, type World } from '../support/world.ts';

/** Which requests went the long way. */
const apollo = vi.spyOn(ApolloServer.prototype, 'executeHTTPGraphQLRequest');

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

const name = 'query Name($id: ID!) { item(id: $id) { id name } }';
type Ask = (url: string, id: string) => Promise<unknown>;

const byApolloClient =
  (link: (url: string) => HttpLink | ReturnType<PersistedQueryLink['concat']>): Ask =>
  async (url, id) => {
    const client = new ApolloClient({ link: link(url), cache: new InMemoryCache() });
    return (await client.query({ query: gql(name), variables: { id } })).data;
  };

const byUrql =
  (options: Partial<ConstructorParameters<typeof UrqlClient>[0]>): Ask =>
  async (url, id) => {
    const client = new UrqlClient({ url, exchanges: [fetchExchange], ...options });
    const { data, error } = await client.query(name, { id }).toPromise();
    if (error !== undefined) throw error;
    return data;
  };

/** For clients that are not among the packages here: what they send. */
const byFetch =
  (headers: Record<string, string>): Ask =>
  async (url, id) => {
    const body = JSON.stringify({ query: name, variables: { id }, operationName: 'Name' });
    const response = await fetch(url, { method: 'POST', headers, body });
    return ((await response.json()) as { data: unknown }).data;
  };

const sha256 = async (text: string): Promise<string> => createHash('sha256').update(text).digest('hex');
const persisted = (useGETForHashedQueries: boolean) => (url: string) =>
  new PersistedQueryLink({ sha256, useGETForHashedQueries }).concat(new HttpLink({ uri: url }));

const clients: Record<string, Ask> = {
  'Apollo Client': byApolloClient((uri) => new HttpLink({ uri })),
  'Apollo Client, by GET': byApolloClient((uri) => new HttpLink({ uri, useGETForQueries: true })),
  'Apollo Client with persisted queries': byApolloClient(persisted(false)),
  'Apollo Client with persisted queries, by GET': byApolloClient(persisted(true)),
  'urql, by POST': byUrql({ preferGetMethod: false }),
  'urql, by GET with the header that Apollo Server asks for': byUrql({
    fetchOptions: { headers: { 'apollo-require-preflight': 'true' } },
  }),
  'fetch of Node and browsers': byFetch({ 'content-type': 'application/json' }),
  'graphql-request': byFetch({
    accept: 'application/graphql-response+json; charset=utf-8, application/json; charset=utf-8',
    'content-type': 'application/json',
  }),
  axios: byFetch({ accept: 'application/json, text/plain, */*', 'content-type': 'application/json' }),
  curl: byFetch({ accept: '*/*', 'content-type': 'application/json' }),
};

test.each(Object.entries(clients))(
  '%s goes the short way as soon as its document is known',
  async (_, ask) => {
    await ask(world.gateway.url, 'first');
    apollo.mockClear();
    const data = await ask(world.gateway.url, 'one');
    expect(data).toMatchObject({ item: { id: 'one' } });
    expect(apollo).not.toHaveBeenCalled();
  },
);

test('urql as it is by default asks by GET, which a page could send without asking: refused', async () => {
  await expect(byUrql({})(world.gateway.url, 'one')).rejects.toThrow('Cross-Site Request Forgery');
});
