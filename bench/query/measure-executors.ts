/** Measures executors in this process, so that nothing but them is counted. */
import { ApolloGateway, type GraphQLDataSource } from '@apollo/gateway';
import { type ExecutionResult, Kind, parse } from 'graphql';
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

type Execute = () => Promise<ExecutionResult>;

/** Answers from memory, made when first asked for. The variables are always the same, so the query tells the answer. */
class Memory {
  readonly #texts = new Map<string, string>();

  parse(request: SubgraphQuery): ExecutionResult {
    let text = this.#texts.get(request.query);
    if (text === undefined) {
      text = answerOf(request);
      this.#texts.set(request.query, text);
    }
    return JSON.parse(text) as ExecutionResult;
  }

  parseAll(): void {
    for (const text of this.#texts.values()) JSON.parse(text);
  }
}

const createOurs = (memory: Memory): Execute => {
  const fetcher = { fetch: async (_: unknown, request: SubgraphQuery) => memory.parse(request) };
  const generation = createGeneration({ supergraphSdl, fetcher });
  return () => generation.execute({ document, operationName: null, variables });
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
  const [own, other] = [JSON.stringify(await ours()), JSON.stringify(await stock())];
  if (own !== other) throw new Error(`the executors differ:\n${own}\n${other}`);
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
    const sums = { ours: 0, stock: 0, parsing: 0 };
    for (let round = 0; round < rounds; round++) {
      sums.ours += await measure(requests / rounds, ours);
      sums.stock += await measure(requests / rounds, stock);
      sums.parsing += await measure(requests / rounds, () => ownMemory.parseAll());
    }
    return { ours: sums.ours / rounds, stock: sums.stock / rounds, parsing: sums.parsing / rounds };
  },
};

export type ExecutorMethods = typeof methods;
serveMethods(methods);
