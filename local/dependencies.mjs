// Plain JavaScript: runs before anything is installed, on whatever Node there is.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './setup-error.mjs';

/** The first npm that reads lockfiles of version 3. */
const oldestNpm = 7;

/**
 * Installs what the lockfile says unless exactly that is installed already, whoever did it.
 *
 * @param {string} root folder of package-lock.json
 */
export async function ensureDependencies(root) {
  if (isInstalled(root)) return;
  const release = await lock(join(root, '.tributary', 'install.lock'));
  try {
    if (!isInstalled(root)) await install(root);
  } finally {
    release();
  }
}

/**
 * npm writes node_modules/.package-lock.json as the last step of an installation, so an interrupted one has none.
 *
 * @param {string} root
 */
export function isInstalled(root) {
  const wanted = readPackages(join(root, 'package-lock.json'));
  const present = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === null || present === null) return false;
  const withoutDevelopment = process.env.NODE_ENV === 'production';
  return Object.entries(wanted).every(([path, entry]) => {
    const found = present[path];
    if (found !== undefined) return found.version === entry.version && found.integrity === entry.integrity;
    // The root itself, other platforms' packages, and what a production installation leaves out.
    return (
      path === '' || entry.optional || entry.devOptional || entry.peer || (withoutDevelopment && entry.dev)
    );
  });
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return null;
  }
}

async function install(root) {
  requireNpm();
  process.stderr.write('installing dependencies (npm ci) …');
  const started = Date.now();
  const errors = await npmCi(root);
  if (errors === null) {
    process.stderr.write(` done in ${Math.round((Date.now() - started) / 1000)} s\n`);
    return;
  }
  process.stderr.write(' failed\n');
  throw new SetupError(`${errors.slice(0, 12).join('\n')}\n${cure(errors.join('\n'))}`);
}

function requireNpm() {
  const { stdout, error } = spawnSync('npm', ['--version'], { encoding: 'utf8' });
  if (error || !stdout)
    throw new SetupError('npm is not found. Install Node 24 with npm from https://nodejs.org.');
  if (Number.parseInt(stdout, 10) < oldestNpm) {
    throw new SetupError(
      `npm ${stdout.trim()} is too old: ${oldestNpm} or later is needed. Run: npm install --global npm`,
    );
  }
}

/** @returns {Promise<string[] | null>} npm's own error lines, or null when all went well */
function npmCi(root) {
  // No dependency needs its install script, and a lockfile alone should not run code. Warnings about engines are about
  // the Node that installs, not the one that runs.
  const options = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  return new Promise((done) => {
    const child = spawn('npm', options, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (chunk) => {
      if (text.length < 65_536) text += chunk;
    });
    child.once('error', (error) => done([error.message]));
    child.once('close', (code, signal) => {
      const lines = text.split('\n').filter((line) => /^npm (error|ERR!) /.test(line));
      done(
        code === 0 ? null : lines.length > 0 ? lines : [`npm ended with ${code ?? signal}. ${text.trim()}`],
      );
    });
  });
}

/** npm's codes in order of how much they explain. */
const cures = [
  [/ENOSPC/, 'The disk is full: free some space (about 500 MB), then start again.'],
  [/EUSAGE/, 'package.json and package-lock.json disagree: run "npm install", and commit package-lock.json.'],
  [
    /EINTEGRITY/,
    'A downloaded file is not the one in package-lock.json: run "npm cache clean --force", then start again.',
  ],
  [/EACCES|EPERM/, 'npm may not write here: give yourself this folder and ~/.npm (chown), then start again.'],
  [
    /E40[13]|ENEEDAUTH/,
    'The registry refuses you: look at "npm config get registry" and log in, then start again.',
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|network/,
    'The registry cannot be reached: check the network, "npm config get registry" and proxies, then start again.',
  ],
];

function cure(errors) {
  const known = cures.find(([pattern]) => pattern.test(errors));
  return known === undefined ? 'Put this right, then start again.' : known[1];
}

/** Two installations at once would spoil each other. A lock whose process is dead is taken over. */
async function lock(path) {
  mkdirSync(join(path, '..'), { recursive: true });
  let told = false;
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!holderLives(path)) rmSync(path, { force: true });
    else if (!told) process.stderr.write('waiting for another process that installs dependencies …\n');
    told = true;
    await new Promise((done) => setTimeout(done, 200));
  }
}

function holderLives(path) {
  try {
    process.kill(Number(readFileSync(path, 'utf8')), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
