import type { ClientDeclaration } from '../checker/format.ts';
import type { ClientLog } from './log.ts';

/** What a client process needs to be one client. */
export interface ClientPlan {
  readonly declaration: ClientDeclaration;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Waits for as long as its socket is open; others leave a gateway that has said nothing for ten seconds. */
  readonly patient: boolean;
}

/** A client that comes back with its cursor, to any of the gateways, for as long as it lives. */
export interface FaultClient {
  /** Takes nothing from its socket for a while. */
  stopReading(ms: number): void;
  /** Its network is gone: the socket is destroyed, without a word to the gateway. */
  cut(): void;
  end(): void;
}

export interface ClientOptions {
  readonly plan: ClientPlan;
  /** Addresses of the gateways, `http://host:port/graphql`. */
  readonly gateways: readonly string[];
  readonly log: ClientLog;
  /** It has a first cursor: from here on nothing may be lost. */
  readonly onStarted: () => void;
  /** A gateway has accepted it, for the first time or again. */
  readonly onConnected: () => void;
}

export const anyOf = (gateways: readonly string[]): string =>
  gateways[Math.floor(Math.random() * gateways.length)] ?? '';

/** Milliseconds without a sign of life after which an impatient client leaves. */
export const silenceMs = 10_000;

/** Milliseconds before a client comes back. */
export const retryMs = (): number => 100 + Math.random() * 400;
