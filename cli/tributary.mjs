#!/usr/bin/env node
// Plain JavaScript, so that whatever Node is installed can start it; the rest runs under the pinned Node 24.
import { runUnderNode24 } from '../local/bootstrap.mjs';

// Whoever kills this process with -9 means the one below too, which looks for it: see cli/stop.ts.
process.env.TRIBUTARY_LAUNCHER = String(process.pid);
await runUnderNode24('cli/main.ts', process.argv.slice(2));
