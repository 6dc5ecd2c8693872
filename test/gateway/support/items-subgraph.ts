import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, parse } from 'graphql';

export const itemsSdl = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  type Query { item(id: ID!): Item }
  type Item @key(fields: "id") { id: ID! name: String! }
  type Mutation { rename(id: ID!, name: String!): Item }
`;

/** Where a mutation wrote, as it answers. */
const written = { items: [[0, 41]] };

/** The other subgraph: names of items, by entity fetch. */
export class ItemsSubgraph {
  /** Representations of each `_entities` call. */
  readonly calls: number[] = [];
  /** `extensions` of each call. */
  readonly extensions: unknown[] = [];
  /** `extensions` of each other request. */
  readonly queries: unknown[] = [];
  /** `x-request-id` of each call and request. */
  readonly requestIds: unknown[] = [];
  /** Waited for before a call is answered. */
  gate: Promise<void> = Promise.resolve();
  readonly #server: Server;

  constructor(nameOf: (id: string) => string = (id) => `item ${id}`) {
    const schema = buildSubgraphSchema([
      {
        typeDefs: parse(itemsSdl),
        resolvers: {
          Query: { item: (_: unknown, { id }: { id: string }) => ({ id, name: nameOf(id) }) },
          Mutation: { rename: (_: unknown, item: { id: string; name: string }) => item },
          Item: { __resolveReference: ({ id }: { id: string }) => ({ id, name: nameOf(id) }) },
        },
      },
    ]);
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { query, variables, extensions } = JSON.parse(Buffer.concat(chunks).toString());
      this.requestIds.push(request.headers['x-request-id']);
      if (Array.isArray(variables?.representations)) {
        this.calls.push(variables.representations.length);
        this.extensions.push(extensions);
      } else {
        this.queries.push(extensions);
      }
      await this.gate;
      const result = await graphql({ schema, source: query, variableValues: variables });
      const position = query.startsWith('mutation')
        ? { extensions: { tributary: { position: written } } }
        : {};
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ ...result, ...position }));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/graphql`;
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
