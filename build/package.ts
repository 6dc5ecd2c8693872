/**
 * `npm run build`: makes dist/, which is what the package ships: the JavaScript of the sources with their types, and at
 * the same places the files that they read at run time from beside them.
 */
import { spawnSync } from 'node:child_process';
import { cp, rm } from 'node:fs/promises';
import { extname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const readAtRunTime = ['console', 'docker-compose.yml', 'local/kafka/pom.xml'];

// What was deleted from the sources must not be shipped for ever.
await rm(dist, { recursive: true, force: true });
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const { status } = spawnSync(process.execPath, [compiler, '--project', join(root, 'build')], {
  stdio: ['ignore', 'inherit', 'inherit'],
});
if (status === 0) await copyFiles();
else process.exitCode = 1;

async function copyFiles(): Promise<void> {
  for (const path of readAtRunTime) {
    await cp(join(root, path), join(dist, path), {
      recursive: true,
      filter: (source) => extname(source) !== '.ts',
    });
  }
}
