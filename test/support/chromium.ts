import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

const places = [
  '/usr/bin/chromium',
  'chromium',
  'google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Why the tests of the page do not run, and the cure. */
export const chromiumMissing =
  'Chromium is missing. Install it (apt-get install chromium, brew install --cask google-chrome, or as root: ' +
  'npm test -- --install), or set CHROMIUM to the path of one.';

/**
 * A Chromium or Chrome that runs: CHROMIUM when it is set, else where it usually is, and PATH. Null when there is none;
 * throws when the one that CHROMIUM names does not run.
 */
export async function findChromium(environment: NodeJS.ProcessEnv = process.env): Promise<string | null> {
  const given = environment.CHROMIUM;
  if (given !== undefined && given !== '') {
    if (await answers(given, environment)) return given;
    throw new Error(
      `CHROMIUM names "${given}", which does not run. Correct it, or unset it to have one looked for.`,
    );
  }
  for (const place of places) if (await answers(place, environment)) return place;
  return null;
}

/** What is there may yet not run: Ubuntu's package is a script that asks for a snap. */
async function answers(program: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  const options = { env: environment, timeout: 30_000 };
  return run(program, ['--version'], options).then(
    ({ stdout }) => /Chrom/.test(stdout),
    () => false,
  );
}
