import { Redis } from 'ioredis';
import type { RedisNode } from './address.ts';
import { readInfo, type ServerInfo } from './server-info.ts';

export interface AskedServer extends ServerInfo {
  /** Writes snapshots by itself; null where it does not tell, as at providers that lock CONFIG. */
  readonly snapshots: boolean | null;
}

/** Connects to one server, asks it about itself, and leaves. Rejects with the reason when it does not answer in time. */
export const askServer = async (
  { place, access, db }: RedisNode,
  deadlineMs: number,
): Promise<AskedServer> => {
  let failure: Error | null = null;
  const redis = new Redis({
    ...place,
    ...access,
    db,
    protocol: 2,
    lazyConnect: true,
    enableReadyCheck: false,
    connectTimeout: deadlineMs,
    commandTimeout: deadlineMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // The promise of `connect` says that the connection is closed; why, only the event says.
  redis.on('error', (error: Error) => {
    failure = error;
  });
  try {
    await redis.connect();
    const info = readInfo(await redis.info());
    const save = await redis.config('GET', 'save').then(textAt, () => null);
    return { ...info, snapshots: save === null ? null : save !== '' };
  } catch (error) {
    throw failure ?? error;
  } finally {
    redis.disconnect();
  }
};

/** CONFIG GET answers name and value in turn. */
const textAt = (answer: unknown): string => (Array.isArray(answer) ? String(answer[1] ?? '') : '');
