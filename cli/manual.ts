import type { Command } from './command.ts';

/** What each command does and takes: the text of --help, and what the command line is parsed by. */
export const commands: readonly Command[] = [
  {
    name: 'dev',
    summary: 'run everything on this machine: Kafka, the subgraphs, the gateway, live data',
    positionals: [],
    options: [
      {
        name: 'port',
        value: 'port',
        about: 'of the gateway; default: gateway.port of tributary.yaml, else 4000',
      },
      { name: 'data', value: 'dir', about: 'where Kafka and the views keep their data; default: .tributary' },
      {
        name: 'no-replay',
        value: null,
        about: 'do not replay the recorded week: the topics get only what you write',
      },
      { name: 'speed', value: 'number', about: 'times as fast as the recorded week was; default 60' },
      {
        name: 'from',
        value: 'time',
        about: 'moment of the week to begin with (RFC 3339), instead of going on',
      },
    ],
    notes:
      'Uses KAFKA_BROKERS or kafka.brokers when given, else Docker Compose where it answers, else it starts a real broker\n' +
      'on 127.0.0.1, whose data is kept. Topics are created as the SDL declares them. A process that dies is started again.\n' +
      'Ctrl-C ends everything in order; a second one at once. After kill -9 the next start ends what was left.',
    examples: [
      ['tributary dev', 'as npm start does'],
      ['tributary dev --speed 600 --from 2013-02-08T12:00:00Z', 'the blizzard, an hour in six seconds'],
      ['tributary dev --no-replay', 'to write the records yourself'],
    ],
    load: () => import('./commands/dev.ts'),
  },
  {
    name: 'subgraph',
    summary: 'run the subgraph of a folder',
    positionals: ['dir'],
    options: [
      {
        name: 'name',
        value: 'name',
        about: 'name in the graph; default: that of tributary.yaml, else of the folder',
      },
      {
        name: 'host',
        value: 'host',
        about: 'address to listen on; default: that of tributary.yaml, else 127.0.0.1',
      },
      {
        name: 'port',
        value: 'port',
        about: 'default: that of tributary.yaml, else 4001; 0 for any free one',
      },
      {
        name: 'brokers',
        value: 'list',
        about: 'host:port, divided by commas; default: kafka.brokers, else those of a running dev',
      },
      { name: 'data', value: 'dir', about: 'where its views are kept; default: .tributary' },
      { name: 'create-topics', value: null, about: 'create the declared topics that are missing' },
      {
        name: 'workers',
        value: 'number',
        about:
          'processes that share the port, each with its own views; default: that of tributary.yaml, else 1',
      },
    ],
    notes:
      'The folder holds the SDL, *.graphql, and may hold resolvers.ts, which exports "resolvers". Mistakes in the SDL are\n' +
      'all listed, with their lines. SIGTERM or Ctrl-C stops it cleanly, at the latest after 8 s. A worker that dies is\n' +
      'replaced; SIGUSR2 starts all workers again, one after the other.\n' +
      'GraphQL is at /graphql, health at /health/live and /health/ready.',
    examples: [
      ['tributary subgraph subgraphs/flights', 'as tributary.yaml says'],
      [
        'tributary subgraph ./orders --port 4003 --brokers kafka-1:9092,kafka-2:9092',
        'without tributary.yaml',
      ],
    ],
    load: () => import('./commands/subgraph.ts'),
  },
  {
    name: 'gateway',
    summary: 'run the gateway over the subgraphs of tributary.yaml',
    positionals: [],
    options: [
      { name: 'port', value: 'port', about: 'default: gateway.port of tributary.yaml, else 4000' },
      {
        name: 'workers',
        value: 'number',
        about: 'processes that share the port; default: gateway.workers of tributary.yaml, else 1',
      },
    ],
    notes:
      'The supergraph is the file gateway.supergraph, or composed from the SDL of the subgraphs. Those with a folder need\n' +
      'not run. One with a url alone is asked for its SDL; while it is down, what it answered last is used, and without\n' +
      'that the others are served until it answers. A supergraph that changes (gateway.pollMs) is served without a restart.\n' +
      'SIGTERM or Ctrl-C closes clients spread over gateway.limits.drainMs and ends the process cleanly, at the latest 7 s\n' +
      'after that time; a second one ends it at once. A worker that dies is replaced; SIGUSR2 starts all workers again with\n' +
      'the configuration as it is then, one after the other.',
    examples: [
      ['tributary gateway', 'as tributary.yaml says'],
      ['tributary gateway --workers 4', 'four processes on one port, for a machine with as many cores'],
      [
        'TRIBUTARY_GATEWAY_SUPERGRAPH=build/supergraph.graphql tributary gateway --port 80',
        'as in production',
      ],
    ],
    load: () => import('./commands/gateway.ts'),
  },
  {
    name: 'compose',
    summary: 'compose the supergraph of the subgraphs of tributary.yaml',
    positionals: [],
    options: [{ name: 'out', value: 'file', about: 'where to write it; default: stdout' }],
    notes:
      'Subgraphs with a folder need not run: their SDL is read from there. Those with a url alone are asked for it.\n' +
      'Mistakes are shown in the lines that they come from; hints of composition go to stderr.',
    examples: [
      ['tributary compose', 'print it'],
      ['tributary compose --out build/supergraph.graphql', 'for gateway.supergraph in production'],
    ],
    load: () => import('./commands/compose.ts'),
  },
  {
    name: 'tail',
    summary: 'follow a subscription in the terminal, through drops and restarts',
    positionals: ['subscription'],
    options: [
      { name: 'variables', value: 'json', about: 'variables of the operation, a JSON object' },
      {
        name: 'from',
        value: 'position',
        about: 'where to begin: a cursor, EARLIEST, LATEST, or a time (RFC 3339)',
      },
      { name: 'json', value: null, about: 'print each event as the raw JSON that came, with its cursor' },
      {
        name: 'url',
        value: 'url',
        about: 'ws:// or wss:// of the gateway; default: that of the configuration',
      },
    ],
    notes:
      'One line an event. When the connection is lost it comes back by itself, as often as needed, and goes on after the\n' +
      'last cursor: no event is missed or told twice. What happens to the connection is told on stderr. Ctrl-C ends it.',
    examples: [
      [
        "tributary tail 'subscription { flightEvents { kind at flight { id } } }'",
        'what happens from now on',
      ],
      [
        "tributary tail 'subscription { flightEvents { kind flight { id } } }' --from EARLIEST --json",
        'all that Kafka still has',
      ],
      [
        'tributary tail \'subscription ($a: ID) { flightChanges(origin: $a) { kind key } }\' --variables \'{"a":"JFK"}\'',
        'flights from one airport',
      ],
    ],
    load: () => import('./commands/tail.ts'),
  },
  {
    name: 'doctor',
    summary: 'check tools, brokers, topics, Redis, subgraphs and gateway',
    positionals: [],
    options: [{ name: 'brokers', value: 'list', about: 'Kafka brokers, host:port divided by commas' }],
    notes:
      'One line a check, and the cure below what fails or warns. Exit code 1 when something fails; a warning is none.',
    examples: [
      ['tributary doctor', 'beside a running tributary dev'],
      ['tributary doctor --brokers kafka-1:9092,kafka-2:9092', 'against another cluster'],
    ],
    load: () => import('./commands/doctor.ts'),
  },
];
