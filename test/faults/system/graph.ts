import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compose } from '../../../schema/index.ts';

/** The SDL folder of a subgraph of the run. */
export const subgraphFolder = (name: string): string => join(import.meta.dirname, '..', 'graph', name);

/**
 * Writes the supergraph. Each version has another field in `Branch`, which no client selects: live subscriptions keep
 * their meaning in all of them.
 */
export async function writeSupergraph(
  file: string,
  urls: Readonly<Record<'ledger' | 'branches', string>>,
  version: number,
): Promise<void> {
  const sdlOf = (name: string): Promise<string> =>
    readFile(join(subgraphFolder(name), `${name}.graphql`), 'utf8');
  const branches = (await sdlOf('branches')).replace(
    '  name: String\n',
    `  name: String\n  version${version}: String\n`,
  );
  const { supergraphSdl } = compose([
    {
      name: 'ledger',
      url: urls.ledger,
      sources: [{ file: 'ledger.graphql', text: await sdlOf('ledger') }],
    },
    { name: 'branches', url: urls.branches, sources: [{ file: 'branches.graphql', text: branches }] },
  ]);
  // Whole or not at all, for whoever watches the file.
  await writeFile(`${file}.new`, supergraphSdl);
  await rename(`${file}.new`, file);
}
