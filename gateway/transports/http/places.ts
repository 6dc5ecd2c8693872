import { TributaryError } from '../../../schema/errors.ts';
import type { GatewayLimits } from '../../limits.ts';
import type { SubscriptionCounters } from '../../subscriptions/index.ts';

/** How many streams there may be, in all and for one address. Policy: refuse; those that are there stay. */
export class Places {
  readonly #limits: GatewayLimits;
  readonly #counters: SubscriptionCounters;
  readonly #byAddress = new Map<string, number>();

  constructor(limits: GatewayLimits, counters: SubscriptionCounters) {
    this.#limits = limits;
    this.#counters = counters;
  }

  /** Takes a place, to be given back by `leave`; TOO_MANY_OPERATIONS when there is none. */
  enter(address: string): TributaryError | null {
    const { streams, streamsPerAddress } = this.#limits;
    const counters = this.#counters;
    const ofAddress = this.#byAddress.get(address) ?? 0;
    const full =
      counters.streams >= streams
        ? `The gateway has ${streams} HTTP streams, the limit. Try again, or raise gateway.limits.streams.`
        : ofAddress >= streamsPerAddress
          ? `Your address has ${streamsPerAddress} HTTP streams, the limit. End some, or raise gateway.limits.streamsPerAddress.`
          : null;
    if (full !== null) {
      counters.streamsRefused += 1;
      return new TributaryError('TOO_MANY_OPERATIONS', full);
    }
    counters.streams += 1;
    this.#byAddress.set(address, ofAddress + 1);
    return null;
  }

  leave(address: string): void {
    this.#counters.streams -= 1;
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, left);
  }
}
