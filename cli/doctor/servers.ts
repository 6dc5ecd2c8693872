import type { Configuration, SubgraphConfiguration } from '../configuration/configuration.ts';
import { reachable } from '../reachable.ts';
import { bad, type Check, type Finding, good, messageOf } from './check.ts';
import { type TopicHealth, topicWarnings } from './topic-warnings.ts';

/** Subgraphs and gateway answer, and are ready. */
export const serverChecks = ({ subgraphs, gateway }: Configuration): readonly Check[] => [
  ...subgraphs.map((subgraph) => ({ name: `subgraph ${subgraph.name}`, run: () => checkSubgraph(subgraph) })),
  {
    name: 'gateway',
    run: () =>
      checkReady(`http://${reachable(gateway.host, gateway.port)}/health/ready`, {
        away: 'Start it: tributary gateway, or tributary dev',
        unready: 'It is about to stop: ask the one that takes its place.',
      }),
  },
];

const checkSubgraph = (subgraph: SubgraphConfiguration): Promise<Finding> =>
  subgraph.kind === 'LOCAL'
    ? checkReady(new URL('/health/ready', subgraph.url).href, {
        away: `Start it: tributary subgraph ${subgraph.directory}, or tributary dev`,
        unready: 'It still fills its views, or waits for Kafka; its log says which.',
      })
    : checkGraphql(subgraph.url);

/** What to do about a server that does not answer, and about one that does and is not ready. */
interface Cures {
  readonly away: string;
  readonly unready: string;
}

const checkReady = async (url: string, { away, unready }: Cures): Promise<Finding> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
    const text = await response.text();
    if (!response.ok) {
      return bad(`${url} answers ${response.status}: ${text.slice(0, 300)}`, unready);
    }
    return judgeTopics(`${url} answers ${response.status}`, topicsIn(text));
  } catch (error) {
    return bad(`${url} does not answer: ${reasonOf(error)}`, away);
  }
};

/** As /health/ready of a subgraph lists it; a gateway lists none. */
interface ServedTopic extends TopicHealth {
  readonly view: { readonly state: string } | null;
}

/** A subgraph is ready without its store: event streams go on. What it says of its topics tells the rest. */
const judgeTopics = (answered: string, topics: readonly ServedTopic[]): Finding => {
  const failing = topics.find(({ view }) => view != null && view.state !== 'SERVING');
  if (failing !== undefined) {
    return bad(
      `${answered}, but its view of ${failing.topic} is ${failing.view?.state}`,
      failing.view?.state === 'AWAY'
        ? 'Look at redis above.'
        : 'It is read again from its topic: ask again later.',
    );
  }
  const warnings = topics.flatMap(topicWarnings);
  return warnings.length === 0 ? good(answered) : { kind: 'WARN', warnings };
};

const topicsIn = (text: string): readonly ServedTopic[] =>
  (jsonOf(text) as { topics?: readonly ServedTopic[] } | null)?.topics ?? [];

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
