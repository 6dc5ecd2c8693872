import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The graph of a run: rows to be sent as snapshots, an event topic with a past, and a live one by which delay is told. */
export interface VolumeGraph {
  readonly rows: string;
  readonly events: string;
  readonly ticks: string;
  readonly sdl: string;
}

export const partitions = 6;

export const volumeGraph = (): VolumeGraph => {
  const run = randomBytes(5).toString('hex');
  const names = { rows: `volume.rows.${run}`, events: `volume.events.${run}`, ticks: `volume.ticks.${run}` };
  return { ...names, sdl: sdlOf(names) };
};

const sdlOf = ({ rows, events, ticks }: Omit<VolumeGraph, 'sdl'>): string => `
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  @link(url: "https://tributary.dev/kafka/v1.0", import: ["@topic", "@index", "@view", "@consume", "@change", "Cursor", "ChangeKind"])

type Row @key(fields: "id") @topic(name: "${rows}", key: "id", cleanup: COMPACT, partitions: ${partitions}) {
  id: ID!
  seq: Int! @index
  note: String!
}
type RowChange @change(of: "Row") { kind: ChangeKind! key: ID row: Row }
type Event @topic(name: "${events}", key: "id", cleanup: DELETE, partitions: ${partitions}) {
  id: ID!
  seq: Int!
  note: String!
}
type Tick @topic(name: "${ticks}", key: "id", cleanup: DELETE, partitions: 3) { id: ID! sentAt: Float! }

type Query { row(id: ID!): Row @view }
type Subscription {
  rowChanges(from: Cursor): RowChange! @consume(snapshot: true)
  events(from: Cursor): Event! @consume(replay: "7d")
  ticks(from: Cursor): Tick! @consume(replay: "1h")
}
`;

export const operations = {
  rows: 'subscription { rowChanges { kind key row { id seq note } } }',
  events: 'subscription { events(from: "EARLIEST") { id seq note } }',
  ticks: 'subscription { ticks { sentAt } }',
} as const;

/** Writes the subgraph's folder and the configuration; returns the path of the latter. */
export const writeProject = async (
  directory: string,
  { sdl }: VolumeGraph,
  { brokers, subgraphPort, gatewayPort, stallMs }: ProjectOptions,
): Promise<string> => {
  const folder = join(directory, 'volume');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'volume.graphql'), sdl);
  const file = join(directory, 'tributary.yaml');
  await writeFile(
    file,
    `kafka: { brokers: [${brokers}] }
data: ${JSON.stringify(join(directory, 'data'))}
gateway: { port: ${gatewayPort}, limits: { catchUpStallMs: ${stallMs} } }
subgraphs:
  volume: { dir: ${JSON.stringify(folder)}, port: ${subgraphPort} }
`,
  );
  return file;
};

export interface ProjectOptions {
  readonly brokers: string;
  readonly subgraphPort: number;
  readonly gatewayPort: number;
  /** How long the gateway waits for a client that takes nothing of its catch-up. */
  readonly stallMs: number;
}
