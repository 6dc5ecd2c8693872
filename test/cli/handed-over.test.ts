import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const handedOver = new URL('../../cli/workers/handed-over.ts', import.meta.url).href;

/** One worker, which is stopped while three clients connect, and killed when it has taken the first of them. */
const command = `import cluster from 'node:cluster';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { closeWhatWasHandedOver } from '${handedOver}';
if (cluster.isWorker) createServer(() => undefined).listen(0, '127.0.0.1');
else {
  const worker = cluster.fork();
  closeWhatWasHandedOver(worker);
  const [, { port }] = await once(cluster, 'listening');
  const child = worker.process;
  child.kill('SIGSTOP');
  const handed = Promise.withResolvers();
  const { send } = child;
  child.send = (...given) => {
    handed.resolve();
    return send.apply(child, given);
  };
  child.on('internalMessage', (answer) => 'accepted' in answer && child.kill('SIGKILL'));
  const sockets = [];
  const open = () => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined).resume();
    sockets.push(socket);
    return once(socket, 'connect');
  };
  await open();
  await handed.promise;
  // The first waits for the worker; these wait for the first.
  await open();
  await open();
  // Two turns of the loop, in which the command has accepted them.
  for (const _ of [1, 2]) await new Promise((turn) => setImmediate(turn));
  child.kill('SIGCONT');
  await Promise.all(sockets.map((socket) => once(socket, 'close')));
  console.log('all closed');
}
`;

test('kill -9 of a worker under load: each client that it was handed is told, also the next of a queue', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'handed-over-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const script = join(directory, 'command.mts');
  writeFileSync(script, command);
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stdout.on('data', (data) => {
    said += data;
  });
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(said).toBe('all closed\n');
});
