import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { TributaryError } from '../../schema/errors.ts';
import type { GatewayLimits } from '../limits.ts';
import type { SubscriptionCounters } from '../subscriptions/counters.ts';

/** Connections of one address that wait to be told, beside those that it may have: whoever opens more reads no answers. */
const maximumRefused = 100;

/**
 * How many connections one address may have, whatever they are for (S29), so that one client alone cannot shut out all others.
 * Policy: refuse; those that are there stay. One more is taken, since only then it can be told why, and closed behind its first
 * request, or without one after the limit `requestMs`. Behind a hundred of those, further ones are closed without a word.
 */
export class Connections {
  readonly #limits: GatewayLimits;
  readonly #counters: SubscriptionCounters;
  readonly #open = new Map<string, number>();
  readonly #toBeTold = new Map<string, number>();
  readonly #refused = new WeakSet<Socket>();

  constructor(limits: GatewayLimits, counters: SubscriptionCounters) {
    this.#limits = limits;
    this.#counters = counters;
  }

  /** Counts the connections of this server too, and returns it. */
  watch(server: Server): Server {
    return server.on('connection', (socket) => this.#enter(socket));
  }

  /** Why nothing is answered on this connection, TOO_MANY_OPERATIONS; null: it is one of those that there may be. */
  refusal(socket: Socket): TributaryError | null {
    if (!this.#refused.has(socket)) return null;
    const { connectionsPerAddress } = this.#limits;
    return new TributaryError(
      'TOO_MANY_OPERATIONS',
      `Your address has ${connectionsPerAddress} connections, the limit. Close some, or raise ` +
        'gateway.limits.connectionsPerAddress: behind a proxy all clients have its address.',
    );
  }

  #enter(socket: Socket): void {
    const { remoteAddress: address } = socket;
    // It is gone already.
    if (address === undefined) return;
    const isOpen = count(this.#open, address, socket, this.#limits.connectionsPerAddress);
    if (isOpen) return;
    this.#counters.connectionsRefused += 1;
    if (count(this.#toBeTold, address, socket, maximumRefused)) this.#refused.add(socket);
    else socket.destroy();
  }
}

/** Counts a connection until it closes; false when its address has as many as it may. */
const count = (byAddress: Map<string, number>, address: string, socket: Socket, maximum: number): boolean => {
  const before = byAddress.get(address) ?? 0;
  if (before >= maximum) return false;
  byAddress.set(address, before + 1);
  socket.on('close', () => {
    const left = (byAddress.get(address) ?? 1) - 1;
    if (left === 0) byAddress.delete(address);
    else byAddress.set(address, left);
  });
  return true;
};
