import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { TributaryError } from '../../schema/errors.ts';
import type { GatewayLimits } from '../limits.ts';
import type { SubscriptionCounters } from '../subscriptions/counters.ts';

/**
 * How many connections one address may have, whatever they are for (S29), so that one client alone cannot shut out all others.
 * Policy: refuse; those that are there stay. One more is taken, since only then it can be told why, and closed behind its first
 * request, or without one after the limit `requestMs`.
 */
export class Connections {
  readonly #limits: GatewayLimits;
  readonly #counters: SubscriptionCounters;
  readonly #byAddress = new Map<string, number>();
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
    const open = this.#byAddress.get(address) ?? 0;
    if (open >= this.#limits.connectionsPerAddress) {
      this.#counters.connectionsRefused += 1;
      this.#refused.add(socket);
      return;
    }
    this.#byAddress.set(address, open + 1);
    socket.once('close', () => this.#leave(address));
  }

  #leave(address: string): void {
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, left);
  }
}
