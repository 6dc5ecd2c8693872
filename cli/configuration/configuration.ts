import type { GatewayLimits } from '../../gateway/limits.ts';
import type { LogLevel } from './settings.ts';

/** What tributary.yaml and the environment say, complete and valid. Paths are absolute. */
export interface Configuration {
  /** The file it came from; null when there is none and the defaults hold. */
  readonly file: string | null;
  /** Folder that relative paths of the file start from. */
  readonly directory: string;
  readonly kafka: {
    /** Null: not said. `tributary dev` starts a broker of its own then. */
    readonly brokers: readonly string[] | null;
    /** Of topics that are created; −1: the broker's default. */
    readonly replication: number;
  };
  readonly gateway: {
    readonly host: string;
    readonly port: number;
    /** Processes that share the port. */
    readonly workers: number;
    readonly origins: readonly string[];
    readonly hosts: readonly string[];
    /** Supergraph SDL; null: composed from the subgraphs. */
    readonly supergraph: string | null;
    /** Milliseconds between two looks whether it changed. */
    readonly pollMs: number;
    /** gzip on SSE and multipart. */
    readonly compression: boolean;
    readonly usage: UsageConfiguration;
    readonly limits: Partial<GatewayLimits>;
  };
  readonly subgraphs: readonly SubgraphConfiguration[];
  /** Processes of the subgraph that is run, as the environment says; null: as the subgraph itself says. */
  readonly subgraphWorkers: number | null;
  /** Redis for the views of subgraphs; null: files in `data`. */
  readonly views: { readonly redis: string | null };
  readonly data: string;
  readonly replay: { readonly speed: number; readonly from: string | null };
  readonly log: { readonly level: LogLevel };
}

/** Without file and topic usage is not counted. */
export interface UsageConfiguration {
  readonly file: string | null;
  readonly topic: string | null;
  /** Of the topic; null: `kafka.brokers`. */
  readonly brokers: readonly string[] | null;
}

export type SubgraphConfiguration = LocalSubgraph | RemoteSubgraph;

/** Has its SDL here, so that `tributary dev` runs it and composition needs no running process. */
export interface LocalSubgraph {
  readonly kind: 'LOCAL';
  readonly name: string;
  readonly directory: string;
  readonly host: string;
  readonly port: number;
  /** Processes that share the port. */
  readonly workers: number;
  /** Where the gateway reaches it. */
  readonly url: string;
}

/** Runs elsewhere. */
export interface RemoteSubgraph {
  readonly kind: 'REMOTE';
  readonly name: string;
  readonly url: string;
  /** File with its SDL; null: it is asked for by `_service { sdl }`. */
  readonly schema: string | null;
}
