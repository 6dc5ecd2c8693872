import type { ExecutionResult } from 'graphql';
import type { Scan, Scanned } from './text/scanner.ts';

export interface Subgraph {
  readonly name: string;
  readonly url: string;
}

/** What goes to a subgraph: GraphQL over HTTP, without the transport. */
export interface SubgraphRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
  /** Forwarded as they are; lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * True for queries: an identical one that is under way may answer this one too. It may have begun a moment earlier, so
   * who must see what was just written says so in `extensions`, by which the two differ (S24).
   */
  readonly shared?: boolean;
  /** The variable of that name, as JSON; only for who fetches bytes. */
  readonly representations?: string;
}

/**
 * Asks a subgraph. Resolves with whatever GraphQL answered, errors included, as plain JSON that the caller may change.
 * Rejects with a TributaryError (SUBGRAPH_UNAVAILABLE, SUBGRAPH_TIMEOUT, SUBGRAPH_FAILED) when there is no such answer,
 * and with the signal's reason when that aborts.
 */
export interface Fetcher {
  fetch(subgraph: Subgraph, request: SubgraphRequest, signal: AbortSignal): Promise<ExecutionResult>;
  /**
   * The same for who may do without values: resolves with what `scan` makes of the body, and with the answer parsed where
   * that is null. A fetcher that has no bytes has no such method.
   */
  fetchBytes?(
    subgraph: Subgraph,
    request: SubgraphRequest,
    signal: AbortSignal,
    scan: Scan,
  ): Promise<Scanned | ExecutionResult>;
}
