import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Why the tests with Redis do not run, and the cure. */
export const redisMissing =
  'Redis is missing. Install it (apt-get install redis-server, brew install redis, or as root: ' +
  'npm test -- --install), or set REDIS_SERVER to the path of redis-server.';

/**
 * A redis-server that runs: REDIS_SERVER when it is set, else the one of PATH. Null when there is none; throws when the
 * one that REDIS_SERVER names does not run.
 */
export async function findRedis(environment: NodeJS.ProcessEnv = process.env): Promise<string | null> {
  const given = environment.REDIS_SERVER;
  const program = given === undefined || given === '' ? 'redis-server' : given;
  const runs = await run(program, ['--version'], { env: environment, timeout: 30_000 }).then(
    ({ stdout }) => /Redis|Valkey/i.test(stdout),
    () => false,
  );
  if (runs) return program;
  if (program === given) {
    throw new Error(
      `REDIS_SERVER names "${given}", which does not run. Correct it, or unset it to have one looked for.`,
    );
  }
  return null;
}
