import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../local/ports.ts';
import { findRedis } from '../support/redis-server.ts';

/** A Redis of this run's own, outside of vitest, without persistence. */
export const startOwnRedis = async (): Promise<AsyncDisposable & { readonly url: string }> => {
  const program = await findRedis();
  if (program === null) throw new Error('there is no redis-server');
  const directory = await mkdtemp(join(tmpdir(), 'tributary-volume-redis-'));
  const port = await freePort();
  const settings = ['--bind', '127.0.0.1', '--port', String(port), '--dir', directory, '--save', ''];
  const child = spawn(program, settings, { stdio: 'ignore' });
  return {
    url: `redis://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
};
