import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { type ExecutionResult, parse, validate } from 'graphql';
import { expect } from 'vitest';
import type { Fetcher, SubgraphRequest } from '../../../../gateway/execution/fetcher.ts';
import { createGeneration } from '../../../../gateway/generation/generation.ts';
import { TributaryError } from '../../../../schema/errors.ts';
import type { Graph } from '../graph.ts';
import { drawFrom, randomAnswer, spoils } from '../random-answers.ts';
import type { RandomOperation } from '../random-operations.ts';

interface Ran {
  readonly result: ExecutionResult | string;
  /** Requests, sorted: those of a parallel node begin in any order. */
  readonly asked: readonly string[];
}

/** A graph whose subgraphs answer at random, executed from text to text and on values. */
export class Ways {
  readonly #graph: Graph;
  readonly #generations;
  /** Answers a fetch. */
  #answer: (subgraph: string, request: SubgraphRequest) => Promise<Buffer> = () =>
    Promise.reject(new Error());

  constructor(graph: Graph) {
    this.#graph = graph;
    const onValues: Fetcher = {
      fetch: async ({ name }, request) => read(await this.#answer(name, request)),
    };
    const onText: Fetcher = {
      ...onValues,
      fetchBytes: async ({ name }, request, _, scan) => {
        const bytes = await this.#answer(name, request);
        return scan(bytes) ?? read(bytes);
      },
    };
    const { supergraphSdl } = graph;
    this.#generations = {
      values: createGeneration({ supergraphSdl, fetcher: onValues }),
      text: createGeneration({ supergraphSdl, fetcher: onText }),
    };
  }

  isValid({ query }: RandomOperation): boolean {
    return validate(this.#graph.generation.apiSchema, parse(query)).length === 0;
  }

  /**
   * Fails unless both ways answer and ask the same. Answers of subgraphs are drawn by what is asked and by `seed`; `spoil` says
   * how many in a hundred are spoilt, or fail. True where it went from text to text.
   */
  async compare(operation: RandomOperation, seed: number, spoil: number): Promise<boolean> {
    const byText = await this.#run(operation, seed, spoil, 'text');
    const byValues = await this.#run(operation, seed, spoil, 'values');
    expect(canonical(byText)).toBe(canonical(byValues));
    expect(byText.asked).toEqual(byValues.asked);
    expect(byValues.result).not.toBeTypeOf('string');
    if (typeof byText.result !== 'string') return false;
    expect(isUtf8(Buffer.from(byText.result, 'latin1'))).toBe(true);
    return true;
  }

  /** Compares over answers of so many seeds, none of them spoilt. How often it went from text to text. */
  async compareSeeds(query: string, seeds: number): Promise<number> {
    const operation = { query, variables: {} };
    expect(this.isValid(operation)).toBe(true);
    let asText = 0;
    for (let seed = 0; seed < seeds; seed++) if (await this.compare(operation, seed, 0)) asText += 1;
    return asText;
  }

  /** How many of random operations went from text to text. */
  async compareAll(operations: fc.Arbitrary<RandomOperation>, spoil: number): Promise<number> {
    let asText = 0;
    await fc.assert(
      fc.asyncProperty(operations, fc.nat(1_000_000), async (operation, seed) => {
        fc.pre(this.isValid(operation));
        if (await this.compare(operation, seed, spoil)) asText += 1;
      }),
      {
        numRuns: Number(process.env.TRIBUTARY_RANDOM_RUNS ?? 200),
        seed: Number(process.env.TRIBUTARY_RANDOM_SEED ?? 1) || Date.now(),
      },
    );
    return asText;
  }

  async #run(
    { query, variables }: RandomOperation,
    seed: number,
    spoil: number,
    way: 'text' | 'values',
  ): Promise<Ran> {
    const asked: string[] = [];
    this.#answer = async (subgraph, request) => {
      const { representations: text } = request;
      const given =
        text === undefined ? request.variables : { ...request.variables, representations: JSON.parse(text) };
      const key = `${subgraph} ${request.query} ${JSON.stringify(given)}`;
      asked.push(key);
      const pick = drawFrom(`${seed} ${key}`);
      const right = await randomAnswer(this.#graph.schemas.get(subgraph)!, request.query, given, pick);
      if (pick(100) >= spoil) return Buffer.from(right);
      if (pick(30) === 0) throw new TributaryError('SUBGRAPH_UNAVAILABLE', 'It does not answer.');
      const names = Object.keys(spoils);
      const bytes = Buffer.from(spoils[names[pick(names.length)]!]!(right, pick));
      if (pick(20) === 0 && bytes.length > 0) bytes[pick(bytes.length)] = 0xff;
      return bytes;
    };
    const generation = this.#generations[way];
    const result = await generation.executeToText({ document: parse(query), operationName: null, variables });
    return { result, asked: asked.toSorted() };
  }
}

const read = (bytes: Buffer): ExecutionResult => {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    throw new TributaryError('SUBGRAPH_FAILED', 'It answers with no JSON.');
  }
};

/** Errors sorted: those of parallel fetches come in any order. */
const canonical = ({ result }: Ran): string => {
  const { errors, ...rest }: ExecutionResult =
    typeof result === 'string' ? JSON.parse(Buffer.from(result, 'latin1').toString()) : result;
  return JSON.stringify([rest, errors?.map((error) => JSON.stringify(error)).toSorted()]);
};
