import type { Configuration, SubgraphConfiguration } from '../configuration/configuration.ts';
import { bad, type Check, type Finding, good, messageOf } from './check.ts';

/** Subgraphs and gateway answer, and are ready. */
export const serverChecks = ({ subgraphs, gateway }: Configuration): readonly Check[] => [
  ...subgraphs.map((subgraph) => ({ name: `subgraph ${subgraph.name}`, run: () => checkSubgraph(subgraph) })),
  {
    name: 'gateway',
    run: () => {
      const host = gateway.host === '0.0.0.0' || gateway.host === '::' ? '127.0.0.1' : gateway.host;
      return checkReady(
        `http://${host}:${gateway.port}/health/ready`,
        'Start it: tributary gateway, or tributary dev',
      );
    },
  },
];

const checkSubgraph = (subgraph: SubgraphConfiguration): Promise<Finding> =>
  subgraph.kind === 'LOCAL'
    ? checkReady(
        new URL('/health/ready', subgraph.url).href,
        `Start it: tributary subgraph ${subgraph.directory}, or tributary dev`,
      )
    : checkGraphql(subgraph.url);

const checkReady = async (url: string, start: string): Promise<Finding> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
    const text = await response.text();
    if (!response.ok) {
      return bad(
        `${url} answers ${response.status}: ${text.slice(0, 300)}`,
        'It still fills its views, or waits for Kafka; its log says which.',
      );
    }
    const [failing] = viewsNotServing(text);
    if (failing === undefined) return good(`${url} answers ${response.status}`);
    return bad(
      `${url} answers ${response.status}, but its view of ${failing.topic} is ${failing.state}`,
      failing.state === 'AWAY' ? 'Look at redis above.' : 'It is read again from its topic: ask again later.',
    );
  } catch (error) {
    return bad(`${url} does not answer: ${reasonOf(error)}`, start);
  }
};

/** A subgraph is ready without its store: event streams go on. What it says of its views tells the rest. */
const viewsNotServing = (text: string): readonly { readonly topic: string; readonly state: string }[] => {
  const body = jsonOf(text) as { topics?: { topic: string; view: { state: string } | null }[] } | null;
  return (body?.topics ?? []).flatMap(({ topic, view }) =>
    view == null || view.state === 'SERVING' ? [] : [{ topic, state: view.state }],
  );
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** A subgraph of somebody else: no health endpoint is promised. */
const checkGraphql = async (url: string): Promise<Finding> => {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ __typename }' }),
      signal: AbortSignal.timeout(3_000),
    });
    if (response.ok) return good(`${url} answers ${response.status}`);
    return bad(`${url} answers ${response.status}`, 'Check its url in tributary.yaml.');
  } catch (error) {
    return bad(
      `${url} does not answer: ${reasonOf(error)}`,
      'Start it, or correct its url in tributary.yaml.',
    );
  }
};

const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  return cause?.message || cause?.code || messageOf(error);
};
