import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema, type GraphQLResolverMap } from '@apollo/subgraph';
import {
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
  graphql,
  parse,
  validate,
} from 'graphql';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningGateway, startGateway } from '../../../gateway/index.ts';

/** One small subgraph: whole SDL, and its resolvers. */
export interface SubgraphSource {
  readonly typeDefs: string;
  readonly resolvers?: GraphQLResolverMap;
}

/** What a client asks, and what the specifications say that it is answered. */
export interface Question {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly data: unknown;
  /** Paths of the errors, in any order. Default: none. */
  readonly errors?: readonly (readonly (string | number)[])[];
  /** Subgraphs that are asked, in order; those of parallel fetches in any. Not looked at by default. */
  readonly asked?: readonly string[];
}

/** The `@link` of federation 2. */
export const federation2 = (...imports: readonly string[]): string =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ${JSON.stringify(imports)})\n`;

/** A gateway over subgraphs that are asked over HTTP as in production. */
class Served {
  readonly asked: string[] = [];
  readonly #sources: Readonly<Record<string, SubgraphSource>>;
  readonly #servers: Server[] = [];
  #gateway: RunningGateway | null = null;

  constructor(sources: Readonly<Record<string, SubgraphSource>>) {
    this.#sources = sources;
  }

  async start(): Promise<void> {
    const services = await Promise.all(
      Object.entries(this.#sources).map(async ([name, { typeDefs: sdl, resolvers = {} }]) => {
        const typeDefs = parse(sdl);
        const url = await this.#serve(name, buildSubgraphSchema([{ typeDefs, resolvers }]));
        return { name, typeDefs, url };
      }),
    );
    const { supergraphSdl, errors } = composeServices(services);
    if (supergraphSdl === undefined) {
      throw new Error(errors?.map((error: GraphQLError) => error.message).join('\n'));
    }
    this.#gateway = await startGateway({ port: 0, log: pino({ level: 'silent' }), supergraphSdl });
  }

  async ask({ query, variables = {} }: Question): Promise<ExecutionResult> {
    const response = await fetch(this.#gateway?.url ?? '', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as ExecutionResult;
  }

  async stop(): Promise<void> {
    await this.#gateway?.stop();
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
  }

  async #serve(name: string, schema: GraphQLSchema): Promise<string> {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { query, variables } = JSON.parse(Buffer.concat(chunks).toString());
      this.asked.push(name);
      // graphql-js reads what is not valid as well; a subgraph of someone else does not.
      const errors = validate(schema, parse(query));
      const result =
        errors.length > 0 ? { errors } : await graphql({ schema, source: query, variableValues: variables });
      response.setHeader('content-type', 'application/json');
      inPieces(JSON.stringify(result), this.asked.length, response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.#servers.push(server);
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
  }
}

/** Whole, with its length, or in two or three chunks, wherever that cuts a character. */
function inPieces(text: string, number: number, response: ServerResponse): void {
  const bytes = Buffer.from(text);
  const pieces = number % 3;
  if (pieces === 0) {
    response.setHeader('content-length', bytes.length).end(bytes);
    return;
  }
  const size = Math.ceil(bytes.length / (pieces + 1));
  for (let at = 0; at < bytes.length; at += size) response.write(bytes.subarray(at, at + size));
  response.end();
}

/**
 * A test for each question. Each is asked three times: as a document that is new, then as one that is known, which goes
 * another way through the gateway, and together with itself, which shares its fetches.
 */
export function answers(
  sources: Readonly<Record<string, SubgraphSource>>,
  questions: Readonly<Record<string, Question>>,
): void {
  const served = new Served(sources);
  beforeAll(() => served.start());
  afterAll(() => served.stop());

  test.each(Object.entries(questions))('%s', async (_, question) => {
    served.asked.length = 0;
    const first = await served.ask(question);
    const asked = [...served.asked];
    const known = await Promise.all([served.ask(question), served.ask(question)]);
    for (const { data, errors = [] } of [first, ...known]) {
      expect({ data, errors: errors.map(({ path }) => path).toSorted(byText), messages: [] }).toEqual({
        data: question.data,
        errors: [...(question.errors ?? [])].toSorted(byText),
        // Told where the test fails.
        messages: question.errors === undefined ? errors.map(({ message }) => message) : [],
      });
    }
    if (question.asked !== undefined) expect(asked).toEqual(question.asked);
  });
}

const byText = (one: unknown, other: unknown): number =>
  JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;
