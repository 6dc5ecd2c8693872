import type { Configuration } from '../configuration/configuration.ts';
import type { Started } from './development.ts';

/** What to do next, printed when everything answers. The examples fit the reference graph. */
export const welcome = (
  configuration: Configuration,
  { brokers, absent }: Started,
  seconds: string,
): string => {
  const { port } = configuration.gateway;
  const http = `http://127.0.0.1:${port}/graphql`;
  const hasFlights = configuration.subgraphs.some(({ name }) => name === 'flights');
  return [
    '',
    absent.length === 0
      ? `Ready after ${seconds} s. Ctrl-C stops everything.`
      : `Up after ${seconds} s, but without ${absent.join(' and ')}: the lines above say why. Ctrl-C stops everything.`,
    '',
    `  GraphQL   ${http}  (HTTP, websocket)`,
    `  Page      http://127.0.0.1:${port}/`,
    ...configuration.subgraphs.map(({ name, url }) => `  ${name.padEnd(9)} ${url}`),
    `  Kafka     ${brokers}`,
    '',
    ...(hasFlights ? examples(http, port) : []),
  ].join('\n');
};

const examples = (http: string, port: number): readonly string[] => [
  'A query, over two subgraphs:',
  `  curl -s ${http} -H 'content-type: application/json' -d '{"query":"{ airport(faa: \\"JFK\\") { name departures(first: 3) { nodes { id status delayMinutes destination { name } } } } }"}'`,
  '',
  'What happens now, live:',
  `  node cli/tributary.mjs tail 'subscription { flightChanges(origin: "JFK") { kind key flight { status delayMinutes destination { name } } } }' --url ws://127.0.0.1:${port}/graphql`,
  '',
];
