import { type RedisNode, readAddress } from '../../subgraphs/kit/view/redis/address.ts';
import { type AskedServer, askServer } from '../../subgraphs/kit/view/redis/ask-server.ts';
import { reasonsAgainst } from '../../subgraphs/kit/view/redis/server-info.ts';
import { bad, type Check, type Finding, good, messageOf } from './check.ts';

const deadlineMs = 3_000;
/** Beyond this share of its memory it soon refuses to write. */
const nearlyFull = 0.9;

/** Each Redis that shared views are kept in answers, and can hold them. `url` null: views are files, nothing to check. */
export const redisChecks = (url: string | null): readonly Check[] => {
  if (url === null) return [];
  try {
    return readAddress(url).map((node) => ({ name: 'redis', run: () => checkServer(node) }));
  } catch (error) {
    const finding = bad(messageOf(error), 'Correct TRIBUTARY_REDIS_URL, or views.redis in tributary.yaml.');
    return [{ name: 'redis', run: async () => finding }];
  }
};

const checkServer = async (node: RedisNode): Promise<Finding> => {
  const place = `${node.place.host}:${node.place.port}`;
  try {
    return judge(place, await askServer(node, deadlineMs));
  } catch (error) {
    return bad(
      `${place} does not answer: ${messageOf(error)}`,
      'Start it, or correct TRIBUTARY_REDIS_URL or views.redis in tributary.yaml.',
    );
  }
};

const judge = (place: string, server: AskedServer): Finding => {
  const [reason] = [...reasonsAgainst(server), ...weaknesses(server)];
  if (reason !== undefined) return bad(`${place} has ${reason.what}`, reason.cure);
  const policy = server.evictionPolicy === '' ? 'maxmemory-policy not told' : server.evictionPolicy;
  const bound = server.maximumBytes > 0 ? ` of ${megabytes(server.maximumBytes)}` : '';
  return good(
    `${place} answers: version ${server.version}, ${policy}, ${persistenceOf(server)}, ${megabytes(server.usedBytes)}${bound} used`,
  );
};

/** What a subgraph starts with all the same, and somebody should see to. */
const weaknesses = (server: AskedServer): ReturnType<typeof reasonsAgainst> => {
  const { isReplica, appendOnly, snapshots, diskWrites, usedBytes, maximumBytes } = server;
  return [
    isReplica && {
      what: 'the role of a replica, to which nothing can be written',
      cure: 'Name the master.',
    },
    !diskWrites && {
      what: 'failed to write to its disk, and may refuse writes',
      cure: 'See to its disk; its log has the error.',
    },
    !appendOnly &&
      snapshots === false && {
        what: 'no persistence: after a restart every view is read again from its topic, and queries wait for that',
        cure: 'Set appendonly yes.',
      },
    maximumBytes > 0 &&
      usedBytes > maximumBytes * nearlyFull && {
        what: `${megabytes(usedBytes)} of ${megabytes(maximumBytes)} in use: full, it refuses writes, and views stand still`,
        cure: 'Raise maxmemory.',
      },
  ].filter((weakness) => weakness !== false);
};

const persistenceOf = ({ appendOnly, snapshots }: AskedServer): string => {
  if (appendOnly) return 'append-only file';
  return snapshots === null ? 'persistence not told' : 'snapshots, so a restart loses what is younger';
};

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1024 / 1024)} MB`;
