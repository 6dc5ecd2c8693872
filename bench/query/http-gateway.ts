import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../local/ports.ts';
import { type Gateway, gatewayOver, ownGateway } from '../processes/gateway.ts';
import type { BenchOptions } from '../workload.ts';

/** `tributary gateway` over a supergraph, or with `url` the gateway that somebody starts over it. */
export const catalogueGateway = async (
  supergraphSdl: string,
  options: BenchOptions,
  stack: AsyncDisposableStack,
): Promise<Gateway> => {
  const directory = await mkdtemp(join(tmpdir(), 'tributary-bench-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const supergraph = join(directory, 'supergraph.graphql');
  await writeFile(supergraph, supergraphSdl);
  if (options.url !== null) return gatewayOver(supergraph, options.url, options);
  const port = await freePort();
  const configuration = join(directory, 'tributary.yaml');
  await writeFile(
    configuration,
    `gateway: { port: ${port}, supergraph: ${JSON.stringify(supergraph)} }\nlog: { level: warn }\n`,
  );
  return ownGateway({ configuration, port }, options, stack);
};
