// Plain JavaScript on purpose: an old Node has to be able to read this file, and to go on under the pinned one.
//
//   node local/bootstrap.mjs cli/main.ts dev
//
// installs the dependencies when they are not those of the lockfile, then runs the script under Node 24.
import { realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDependencies } from './dependencies.mjs';
import { runUnderNode24 } from './node24.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Installs what the lockfile says where that is missing, then runs a script of the repository: see runUnderNode24.
 *
 * @param {string} script from the repository's root, whatever the working directory
 * @param {readonly string[]} [parameters]
 */
export const bootstrap = (script, parameters = []) =>
  runUnderNode24(resolve(root, script), parameters, async () => {
    await ensureDependencies(root);
    // Node strips and compiles a thousand sources at each start; kept, a service needs half a second less.
    process.env.NODE_COMPILE_CACHE ??= join(root, '.tributary', 'tools', 'compiled');
  });

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [script, ...parameters] = process.argv.slice(2);
  if (script === undefined) {
    process.stderr.write('Usage: node local/bootstrap.mjs <script> [argument …]\n');
    process.exitCode = 2;
  } else {
    await bootstrap(script, parameters);
  }
}
