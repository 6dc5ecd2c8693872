import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, type ProcessIdentity } from '../supervisor/index.ts';

export interface LocalBroker {
  /** `127.0.0.1:port`, as clients take it. */
  readonly brokers: string;
  readonly port: number;
  readonly pid: number;
  readonly directory: string;
  /** Resolves when the broker has ended, for whatever reason. Keeps no process alive. */
  readonly exited: Promise<void>;
  /** Ends it in order: data is flushed, the next start needs no recovery. Kills it after 20 s. */
  stop(): Promise<void>;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
}

const patienceMs = 20_000;

/** A broker process, be it our child or one that an earlier process left behind. */
export function localBroker(directory: string, broker: ProcessIdentity, port: number): LocalBroker {
  const end = async (signal: NodeJS.Signals): Promise<boolean> => {
    if (isAlive(broker)) process.kill(broker.pid, signal);
    return diesWithin(broker, patienceMs);
  };
  return {
    brokers: `127.0.0.1:${port}`,
    port,
    pid: broker.pid,
    directory,
    exited: untilDead(broker),
    async stop() {
      if (!(await end('SIGTERM'))) await end('SIGKILL');
    },
    async kill() {
      await end('SIGKILL');
    },
  };
}

/** Looks rather than listens: a broker that was taken over is no child of ours and sends no event. */
async function untilDead(broker: ProcessIdentity): Promise<void> {
  while (isAlive(broker)) await delay(100, undefined, { ref: false });
}

async function diesWithin(broker: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (isAlive(broker)) {
    if (Date.now() > deadline) return false;
    await delay(20);
  }
  return true;
}
