import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { FromPrimary } from '../../cli/workers/messages.ts';

const place = new URL('../../cli/workers/place.ts', import.meta.url).href;

/** A worker that tells the first news that it hears and how it stands then, and ends when it is told to. */
const worker = `import { WorkerPlace } from '${place}';
const place = await WorkerPlace.enter(2);
for await (const news of place.news.values(new AbortController().signal)) {
  process.send({ news, standing: place.standing() });
  break;
}
await place.told;
process.disconnect();
`;

test('news and standings that come together with the setup are heard', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'worker-place-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, 'worker.mts'), worker);
  const child = fork(join(directory, 'worker.mts'), { execArgv: [] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const tell = (message: FromPrimary<object>): void => void child.send(message);
  await once(child, 'message');
  const standing = { of: 2, ready: 0, started: false };
  tell({ kind: 'SETUP', setup: { settings: {}, joins: false, standing, news: null } });
  // The news last: it is what the worker waits for, and the messages may come one by one.
  tell({ kind: 'STANDING', standing: { ...standing, ready: 2, started: true } });
  tell({ kind: 'NEWS', news: 'a supergraph' });
  const [heard] = await once(child, 'message');
  expect(heard).toEqual({
    news: 'a supergraph',
    standing: { number: 2, of: 2, ready: 2, started: true },
  });
  tell({ kind: 'STOP' });
  expect(await once(child, 'exit')).toEqual([0, null]);
});
