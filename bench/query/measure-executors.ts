/** Measures executors in this process, so that nothing but them is counted. */
import { ApolloGateway, type GraphQLDataSource } from '@apollo/gateway';
import { type ExecutionResult, Kind, parse } from 'graphql';
import type { Fetcher, SubgraphRequest } from '../../gateway/execution/fetcher.ts';
import { createGeneration } from '../../gateway/index.ts';
import { serveMethods } from '../processes/script.ts';
import { answerOf, type SubgraphQuery } from './answer.ts';
import { composeCatalogue } from './catalogue-graph.ts';

const query = `query Top($first: Int!) {
  top(first: $first) { upc name price reviews { id stars text author { id name } } }
}`;
const variables = { first: 20 };
const document = parse(query);

const url = 'http://stub.invalid/graphql';
const supergraphSdl = composeCatalogue({ products: url, reviews: url, users: url, stock: url });

type Execute = () => Promise<unknown>;

/** Answers from memory, made when first asked for. The variables are always the same, so the query tells the answer. */
class Memory {
  readonly #texts = new Map<string, string>();
  readonly #bytes = new Map<string, Buffer>();

  parse(request: SubgraphQuery): ExecutionResult {
    return JSON.parse(this.#text(request)) as ExecutionResult;
  }

  bytes({ query, variables, representations }: SubgraphRequest): Buffer {
    let bytes = this.#bytes.get(query);
    if (bytes === undefined) {
      const given =
        representations === undefined
          ? variables
          : { ...variables, representations: JSON.parse(representations) };
      bytes = Buffer.from(this.#text({ query, variables: given }));
      this.#bytes.set(query, bytes);
    }
    return bytes;
  }

  parseAll(): void {
    for (const text of this.#texts.values()) JSON.parse(text);
  }

  #text(request: SubgraphQuery): string {
    let text = this.#texts.get(request.query);
    if (text === undefined) {
      text = answerOf(request);
      this.#texts.set(request.query, text);
    }
    return text;
  }
}

/** Ours as it answers over HTTP, from the texts of answers to the text of an answer; and as it answers with values. */
const createOurs = (memory: Memory): { readonly text: Execute; readonly values: Execute } => {
  const fetcher: Fetcher = {
    fetch: async (_, request) => memory.parse(request),
    fetchBytes: async (_, request, __, scan) => scan(memory.bytes(request)) ?? memory.parse(request),
  };
  const generation = createGeneration({ supergraphSdl, fetcher });
  const request = { document, operationName: null, variables };
  return {
    text: () => generation.executeToText(request),
    values: () => generation.execute(request),
  };
};

const silent = { debug() {}, info() {}, warn() {}, error() {} };

const createStock = async (memory: Memory): Promise<Execute> => {
  const source = {
    process: async ({ request }: { request: SubgraphQuery }) => memory.parse(request),
  } as unknown as GraphQLDataSource;
  const gateway = new ApolloGateway({ supergraphSdl, logger: silent, buildService: () => source });
  const { executor } = await gateway.load();
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  const context = {
    document,
    operation,
    operationName: null,
    request: { query, variables },
    queryHash: query,
    context: {},
    logger: silent,
    metrics: {},
    schema: gateway.schema,
    source: query,
    schemaHash: '',
    cache: {},
    overallCachePolicy: {},
  };
  return async () => executor(context as unknown as Parameters<typeof executor>[0]);
};

const ownMemory = new Memory();
const ours = createOurs(ownMemory);
const stock = await createStock(new Memory());

const checkAlike = async (): Promise<void> => {
  const expected = JSON.stringify(await stock());
  const values = JSON.stringify(await ours.values());
  const text = await ours.text();
  if (values !== expected) throw new Error(`the executors differ:\n${values}\n${expected}`);
  if (typeof text !== 'string' || Buffer.from(text, 'latin1').toString() !== `${expected}\n`) {
    throw new Error(`the text differs:\n${String(text)}\n${expected}`);
  }
};

/** Microseconds of CPU for a request, the collector's included. */
const measure = async (requests: number, execute: () => unknown): Promise<number> => {
  const before = process.cpuUsage();
  for (let request = 0; request < requests; request++) await execute();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / requests;
};

const rounds = 10;

const methods = {
  /** In turns, a tenth of the requests each, so that what slows the machine slows all. */
  run: async ({ requests }: { readonly requests: number }) => {
    await checkAlike();
    const sums = { text: 0, values: 0, stock: 0, parsing: 0 };
    for (let round = 0; round < rounds; round++) {
      sums.text += await measure(requests / rounds, ours.text);
      sums.values += await measure(requests / rounds, ours.values);
      sums.stock += await measure(requests / rounds, stock);
      sums.parsing += await measure(requests / rounds, () => ownMemory.parseAll());
    }
    return {
      text: sums.text / rounds,
      values: sums.values / rounds,
      stock: sums.stock / rounds,
      parsing: sums.parsing / rounds,
    };
  },
};

export type ExecutorMethods = typeof methods;
serveMethods(methods);
