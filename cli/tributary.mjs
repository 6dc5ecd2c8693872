#!/usr/bin/env node
// Plain JavaScript, so that whatever Node is installed can start it; the rest runs under Node 24.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// Whoever kills this process with -9 means the one below too, which looks for it: see cli/stop.ts.
process.env.TRIBUTARY_LAUNCHER = String(process.pid);
const parameters = process.argv.slice(2);
if (existsSync(new URL('main.ts', import.meta.url))) {
  // The repository: the sources as they are, under the pinned Node, with the lockfile's dependencies.
  const { bootstrap } = await import('../local/bootstrap.mjs');
  await bootstrap('cli/main.ts', parameters);
} else {
  // An installed package: npm has brought all that it needs, but for Node itself.
  const { runUnderNode24 } = await import('../local/node24.mjs');
  await runUnderNode24(fileURLToPath(new URL('../dist/cli/main.js', import.meta.url)), parameters);
}
