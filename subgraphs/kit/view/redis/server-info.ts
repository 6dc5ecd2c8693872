/** What a Redis says of itself, as far as views care. */
export interface ServerInfo {
  /** For example `8.2.2`; what Valkey says is the version of Redis that it is compatible with. */
  readonly version: string;
  /** Empty where a provider does not tell. */
  readonly evictionPolicy: string;
  readonly isCluster: boolean;
  readonly isReplica: boolean;
  readonly appendOnly: boolean;
  /** The last write to disk went well. One that failed makes Redis refuse further ones. */
  readonly diskWrites: boolean;
  readonly usedBytes: number;
  /** 0: no bound. */
  readonly maximumBytes: number;
}

/** Why a server cannot hold views: `what` goes on from "Redis has". */
export interface ReasonAgainst {
  readonly what: string;
  readonly cure: string;
}

/** XADD with an approximate bound, effects replication and UNLINK in scripts. */
const minimumMajorVersion = 6;

/** Reads the answer to INFO. */
export const readInfo = (info: string): ServerInfo => {
  const field = (name: string): string => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1] ?? '';
  return {
    version: field('redis_version'),
    evictionPolicy: field('maxmemory_policy'),
    isCluster: field('cluster_enabled') === '1',
    isReplica: field('role') === 'slave',
    appendOnly: field('aof_enabled') === '1',
    diskWrites: field('aof_last_write_status') !== 'err' && field('rdb_last_bgsave_status') !== 'err',
    usedBytes: Number(field('used_memory')),
    maximumBytes: Number(field('maxmemory')),
  };
};

/** None: views may be kept there. */
export const reasonsAgainst = ({ version, evictionPolicy }: ServerInfo): readonly ReasonAgainst[] => {
  const reasons: ReasonAgainst[] = [];
  if (Number.parseInt(version, 10) < minimumMajorVersion) {
    reasons.push({
      what: `version ${version}`,
      cure: `Views need Redis ${minimumMajorVersion} or later, or Valkey.`,
    });
  }
  if (evictionPolicy !== '' && evictionPolicy !== 'noeviction') {
    reasons.push({
      what: `maxmemory-policy ${evictionPolicy}: with its memory full it would drop rows of views in silence`,
      cure: 'Set maxmemory-policy noeviction, or give views a Redis of their own.',
    });
  }
  return reasons;
};
