// Plain JavaScript on purpose: an old Node has to be able to read this file, and to go on under Node 24.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { SetupError } from './setup-error.mjs';

const oldestNode = [18, 0];
/** From here on TypeScript runs as it is and node:sqlite has all that the views use. */
const neededNode = [24, 6];
/** Both are notes to developers of our dependencies, not to users. */
const quiet = ['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning'];

/**
 * Runs a script under Node 24 with this process's terminal, and ends this process as the script ended.
 *
 * @param {string} script absolute path
 * @param {readonly string[]} [parameters]
 * @param {() => Promise<void>} [prepare] called first, when this Node is not too old for that
 * @returns {Promise<void>} settles only when something was wrong before the start, which was then printed
 */
export async function runUnderNode24(script, parameters = [], prepare = async () => {}) {
  try {
    if (!atLeast(process.versions.node, oldestNode)) {
      throw new SetupError(
        `Node ${process.versions.node} is too old to start Tributary. Install Node 24 from https://nodejs.org.`,
      );
    }
    await prepare();
    await exec(findNode(), [...quiet, script, ...parameters]);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

/** The pinned Node comes as an npm package, so that the lockfile holds its hash. There is none for macOS. */
function findNode() {
  const name = `node-${process.platform}-${process.arch}`;
  const pinned = pinnedNode(name);
  if (pinned !== null) return pinned;
  if (atLeast(process.versions.node, neededNode)) return process.execPath;
  throw new SetupError(
    `Tributary runs on Node ${neededNode.join('.')} or later; this is Node ${process.versions.node}. Install Node 24 from ` +
      `https://nodejs.org. On Linux (x64, arm64) npm brings it too: "npm ci" in the repository, else "npm install ${name}@24".`,
  );
}

function pinnedNode(name) {
  try {
    const binary = join(
      dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)),
      'bin',
      'node',
    );
    return existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}

/** Old Nodes have no exec(3), so this process stays and stands in for the script: same signals, same ending. */
async function exec(node, parameters) {
  const child = spawn(node, parameters, { stdio: 'inherit' });
  const forward = (signal) => child.kill(signal);
  // Ctrl-C in a terminal reaches the whole group: forwarded besides, it would look like an impatient second one.
  const interrupt = () => process.stdin.isTTY || forward('SIGINT');
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', forward);
  process.on('SIGHUP', forward);
  process.on('SIGUSR2', forward);
  const watch = whenShellOfNpmEnds(() => forward('SIGTERM'));
  const [code, signal] = await new Promise((done, fail) => {
    child.once('exit', (...ending) => done(ending));
    child.once('error', (error) => fail(cannotRun(node, error)));
  });
  process.off('SIGINT', interrupt);
  process.off('SIGTERM', forward);
  process.off('SIGHUP', forward);
  process.off('SIGUSR2', forward);
  clearInterval(watch);
  if (signal !== null) process.kill(process.pid, signal);
  else process.exitCode = code;
}

/**
 * npm runs us below a shell. Of a signal to npm alone (`npm start & … kill $!`) that shell dies, and nobody tells us: a
 * broker and all services would go on unseen.
 */
function whenShellOfNpmEnds(callback) {
  if (process.env.npm_lifecycle_event === undefined) return undefined;
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    callback();
  }, 500);
  return watch;
}

/** ENOENT for a file that is there means that its loader is not: the package needs glibc. */
function cannotRun(node, error) {
  const why =
    error.code === 'ENOENT' ? 'it needs glibc, which Alpine and other musl systems lack' : error.message;
  return new SetupError(
    `${node} does not run: ${why}. Install Node 24 by other means and use it to start Tributary.`,
  );
}

/** @param {string} version @param {readonly [number, number]} needed */
function atLeast(version, [major, minor]) {
  const [itsMajor = 0, itsMinor = 0] = version.split('.').map(Number);
  return itsMajor > major || (itsMajor === major && itsMinor >= minor);
}
