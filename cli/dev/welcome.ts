import type { Configuration } from '../configuration/configuration.ts';
import { reachable } from '../reachable.ts';
import type { Started } from './development.ts';
import { examples, hasExamples } from './examples.ts';

/** What to do next, printed when everything answers. */
export const welcome = (
  configuration: Configuration,
  { brokers, absent }: Started,
  seconds: string,
): string => {
  const { host, port } = configuration.gateway;
  const place = reachable(host, port);
  const address = `http://${place}`;
  const isReference = hasExamples(configuration);
  return [
    '',
    absent.length === 0
      ? `Ready after ${seconds} s. Ctrl-C stops everything.`
      : `Up after ${seconds} s, but without ${absent.join(' and ')}: the lines above say why. Ctrl-C stops everything.`,
    '',
    `  GraphiQL  ${address}/`,
    ...(isReference ? [`  Board     ${address}/board`] : []),
    `  GraphQL   ${address}/graphql  (HTTP, websocket, SSE)`,
    ...configuration.subgraphs.map(({ name, url }) => `  ${name.padEnd(9)} ${url}`),
    `  Kafka     ${brokers}`,
    '',
    ...(isReference ? examples(place) : []),
  ].join('\n');
};
