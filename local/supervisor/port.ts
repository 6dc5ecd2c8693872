import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename } from 'node:path';

/** True when a server could listen on `host` and `port` now. */
export const isPortFree = async (host: string, port: number): Promise<boolean> => {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  server.once('error', (error: NodeJS.ErrnoException) =>
    error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
  );
  server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  return promise;
};

export interface PortOwner {
  readonly pid: number;
  /** Its command line, shortened. */
  readonly command: string;
}

/** Who listens on a TCP port of this machine; null when that cannot be known, as for a process of another user. */
export const portOwner = (port: number): PortOwner | null =>
  process.platform === 'linux' ? ownerOnLinux(port) : ownerByLsof(port);

const ownerOnLinux = (port: number): PortOwner | null => {
  const sockets = new Set(listeningInodes(port).map((inode) => `socket:[${inode}]`));
  if (sockets.size === 0) return null;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || !holdsOneOf(name, sockets)) continue;
    return { pid: Number(name), command: recognisable(readIfThere(`/proc/${name}/cmdline`).split('\0')) };
  }
  return null;
};

/** proc_net(5): local address is the second column, in hex `address:port`; state 0A is LISTEN; the inode is the tenth. */
const listeningInodes = (port: number): string[] => {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap((file) => readIfThere(file).split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(suffix) === true && state === '0A')
    .flatMap((columns) => columns[9] ?? []);
};

const holdsOneOf = (pid: string, sockets: ReadonlySet<string>): boolean => {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((file) => sockets.has(linkOf(`/proc/${pid}/fd/${file}`)));
  } catch {
    // Gone meanwhile, or another user's.
    return false;
  }
};

const linkOf = (path: string): string => {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
};

const readIfThere = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

const ownerByLsof = (port: number): PortOwner | null => {
  try {
    const output = execFileSync('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const pid = /^p(\d+)$/m.exec(output)?.[1];
    return pid === undefined ? null : { pid: Number(pid), command: /^c(.+)$/m.exec(output)?.[1] ?? '' };
  } catch {
    return null;
  }
};

/** `node cli/main.ts gateway`: without the folder of the program and the options before its script. */
const recognisable = ([program = '', ...words]: readonly string[]): string => {
  const script = words.findIndex((word) => !word.startsWith('-'));
  const command = [basename(program), ...words.slice(Math.max(0, script))].join(' ').trim();
  return command.length > 100 ? `${command.slice(0, 99)}…` : command;
};
