import { ApolloClient, CombinedGraphQLErrors, gql, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createRequest, subscriptionExchange, Client as UrqlClient } from '@urql/core';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient, type Sink } from 'graphql-ws';
import { onTestFinished } from 'vitest';
import { type Hooks, resumable, resumableSse } from '../../client/index.ts';
import { Signal } from '../gateway/support/signal.ts';
import { Feed, type Reading } from './feed.ts';

/** What an application has of a subscription, and when something of it came. */
export class Received {
  readonly readings: Reading[] = [];
  /** Errors of the operation, or what else ended it. */
  readonly failures: unknown[] = [];
  /** Of events and of progress. */
  readonly cursors: string[] = [];
  connections = 0;
  readonly changed = new Signal();

  take(data: unknown): void {
    this.readings.push((data as { readings: Reading }).readings);
    this.changed.fire();
  }

  fail(failure: unknown): void {
    this.failures.push(failure);
    this.changed.fire();
  }

  connected(): void {
    this.connections += 1;
    this.changed.fire();
  }

  readonly hooks: Hooks = {
    onCursor: (cursor) => {
      this.cursors.push(cursor);
      this.changed.fire();
    },
  };

  /** Resolves when the condition holds; rejects when the subscription fails. */
  async until(condition: (received: this) => boolean): Promise<void> {
    await this.changed.until(() => condition(this) || this.failures.length > 0);
    if (this.failures.length > 0) throw new Error(`failed: ${JSON.stringify(this.failures)}`);
  }
}

/** Subscribes to the readings of a room, after a cursor when one is given, by the API that an application uses. */
type Subscribe = (url: string, room: string, cursor?: string) => Received;

const after = (cursor: string | undefined) => ({ tributary: { cursor } });

const websocket = (url: string): string => url.replace('http', 'ws');

/** Attempts come quickly, so that the tests are quick; all else is as it is by default. */
const connect = (url: string, received: Received) =>
  createClient(
    resumable(
      {
        url: websocket(url),
        retryWait: () => new Promise((resolve) => setTimeout(resolve, 20)),
        on: { connected: () => received.connected() },
      },
      received.hooks,
    ),
  );

const graphqlWs: Subscribe = (url, room, cursor) => {
  const received = new Received();
  const client = connect(url, received);
  onTestFinished(() => void client.dispose());
  client.subscribe(
    { query: Feed.query, variables: { room }, extensions: after(cursor) },
    {
      next: ({ data }) => received.take(data),
      error: (error) => received.fail(error),
      complete: () => received.fail('completed'),
    },
  );
  return received;
};

const apollo: Subscribe = (url, room, cursor) => {
  const received = new Received();
  const link = new GraphQLWsLink(connect(url, received));
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const options = { query: gql(Feed.query), variables: { room }, extensions: after(cursor) };
  const subscription = client.subscribe(options).subscribe({
    next: ({ data, error }) =>
      error ? received.fail(CombinedGraphQLErrors.is(error) ? error.errors : error) : received.take(data),
    error: (error) => received.fail(error),
    complete: () => received.fail('completed'),
  });
  onTestFinished(() => {
    subscription.unsubscribe();
    client.stop();
  });
  return received;
};

const urql: Subscribe = (url, room, cursor) => {
  const received = new Received();
  const sockets = connect(url, received);
  const client = new UrqlClient({
    url,
    exchanges: [
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables = {}, extensions = {} }) => ({
          subscribe: (sink) => ({
            unsubscribe: sockets.subscribe({ query, variables, extensions }, sink as Sink),
          }),
        }),
      }),
    ],
  });
  const { unsubscribe } = client
    .executeSubscription(createRequest(Feed.query, { room }, after(cursor)))
    .subscribe(({ data, error }) => (error ? received.fail(error.graphQLErrors) : received.take(data)));
  onTestFinished(unsubscribe);
  return received;
};

const graphqlSse: Subscribe = (url, room, cursor) => {
  const received = new Received();
  const client = createSseClient(
    resumableSse(
      {
        url,
        retry: () => new Promise((resolve) => setTimeout(resolve, 20)),
        on: { connected: () => received.connected() },
      },
      received.hooks,
    ),
  );
  onTestFinished(() => client.dispose());
  client.subscribe(
    { query: Feed.query, variables: { room }, extensions: after(cursor) },
    {
      next: ({ data, errors }) => (errors ? received.fail(errors) : received.take(data)),
      error: (error) => received.fail(error),
      complete: () => received.fail('completed'),
    },
  );
  return received;
};

export const stockClients: readonly (readonly [name: string, subscribe: Subscribe])[] = [
  ['graphql-ws', graphqlWs],
  ['Apollo Client', apollo],
  ['urql', urql],
  ['graphql-sse', graphqlSse],
];
