import { bounded, type Measure, told } from './measure.ts';
import type { Start, VolumeSystem } from './system.ts';

/** How long a view takes that is built from its topic, and one that goes on from what its store kept over kill -9. */
export const restoreTimes = async (
  system: VolumeSystem,
  store: string,
  environment: Readonly<Record<string, string>>,
  built: Start,
  rows: number,
): Promise<Measure[]> => {
  await system.subgraph.stop('SIGKILL');
  const restored = await system.startSubgraph(environment);
  return [
    told(`${store}: start with a view to build`, built.seconds, 's'),
    told(`${store}: rows a second in that`, rows / built.seconds, 'rows/s'),
    told(`${store}: start with the view there, after kill -9`, restored.seconds, 's'),
    bounded(`${store}: records of its topic that were read again in that`, restored.read, '', 0),
  ];
};
