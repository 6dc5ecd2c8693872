import { operationsOf } from './operations.js';
import { Stream } from './stream.js';

const accept = 'application/graphql-response+json, application/json';

/** Streams by what they ask: an operation that is run again goes on where it was. */
const streams = new Map();

/**
 * What GraphiQL runs operations with: queries and mutations over HTTP, subscriptions over graphql-transport-ws.
 * For a moment after a change of tabs GraphiQL gives the name and the syntax tree of the tab before: the text is right.
 */
export const fetcher = ({ query, variables, operationName }, { headers } = {}) => {
  const operations = operationsOf(query);
  const named = operations.find(({ name }) => name === operationName && name !== undefined);
  // A stream is told from others by its payload: with or without the name of its only operation it is the same one.
  const chosen = named ?? (operations.length === 1 ? operations[0] : undefined);
  const payload = { query, variables, operationName: chosen?.name };
  const { kind } = chosen ?? operations[0] ?? {};
  return kind === 'subscription' ? stream(payload, headers) : post(payload, headers);
};

const post = async (payload, headers) => {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, ...headers },
    body: JSON.stringify(payload),
  });
  return response.json();
};

const stream = (payload, headers) => {
  const identity = JSON.stringify(payload);
  const found = streams.get(identity) ?? new Stream(payload);
  streams.set(identity, found);
  return { subscribe: (sink) => ({ unsubscribe: found.run(sink, headers) }) };
};
