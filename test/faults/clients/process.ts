/** A process of clients: takes what to be and to do from its parent, and writes what came to the file it is given. */
import type { ClientPlan, FaultClient } from './client.ts';
import { EventStreamClient } from './event-stream.ts';
import { ClientLog } from './log.ts';
import { WebSocketClient } from './websocket.ts';

export type Command =
  | { readonly kind: 'JOIN'; readonly plan: ClientPlan }
  | { readonly kind: 'STOP_READING'; readonly clients: readonly string[]; readonly ms: number }
  /** Of all clients when none is named. */
  | { readonly kind: 'CUT'; readonly clients: readonly string[] | null }
  | { readonly kind: 'END' };

/** Sent to the parent: a client has its first cursor, or a connection. */
export interface Notice {
  readonly client: string;
  readonly what: 'STARTED' | 'CONNECTED';
}

const [file, ...gateways] = process.argv.slice(2);
if (file === undefined) throw new Error('Usage: process.ts LOG GATEWAY …');
const log = new ClientLog(file);
const clients = new Map<string, FaultClient>();

const carryOut: { readonly [Kind in Command['kind']]: (command: Command & { kind: Kind }) => void } = {
  JOIN: ({ plan }) => {
    const { client, transport } = plan.declaration;
    const tell = (what: Notice['what']) => (): void => {
      process.send?.({ client, what } satisfies Notice);
    };
    const options = { plan, gateways, log, onStarted: tell('STARTED'), onConnected: tell('CONNECTED') };
    clients.set(client, transport === 'ws' ? new WebSocketClient(options) : new EventStreamClient(options));
  },
  STOP_READING: ({ clients: names, ms }) => {
    for (const name of names) clients.get(name)?.stopReading(ms);
  },
  CUT: ({ clients: names }) => {
    for (const name of names ?? clients.keys()) clients.get(name)?.cut();
  },
  END: () => {
    for (const client of clients.values()) client.end();
    void log.close().then(() => process.exit(0));
  },
};

process.on('message', (command: Command) => {
  (carryOut[command.kind] as (command: Command) => void)(command);
});
// Without its parent nobody would end it.
process.on('disconnect', () => process.exit(1));
// Ctrl-C reaches the whole group of processes; the parent says when it is over.
process.on('SIGINT', () => undefined);
