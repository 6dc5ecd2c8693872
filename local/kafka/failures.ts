import { diskFullIn } from '../disk.ts';
import { LocalError } from '../error.ts';
import { portOwner } from '../supervisor/index.ts';
import { lastWords } from './java-process.ts';

/** Why a broker ended before it answered, read from what it wrote: disk, port, or the end of its log. */
export async function exitedEarly(directory: string, how: string, port: number): Promise<LocalError> {
  const words = await lastWords(directory);
  const full = diskFullIn(words, directory);
  if (full !== null) return full;
  if (/Address already in use|BindException/.test(words)) return portInUse(port);
  return new LocalError(
    'BROKER_EXITED',
    `Kafka did not start (${how}). The end of its log:\n${words}\n` +
      `The whole log is ${directory}/broker.log. If its data is damaged and not needed, remove ${directory}.`,
  );
}

export async function silent(directory: string, port: number, timeoutMs: number): Promise<LocalError> {
  return new LocalError(
    'BROKER_SILENT',
    `Kafka on 127.0.0.1:${port} did not answer within ${timeoutMs / 1000} s. The end of its log:\n` +
      `${await lastWords(directory)}\nIs the machine overloaded? Start again, or look into ${directory}/broker.log.`,
  );
}

export function portInUse(port: number): LocalError {
  const owner = portOwner(port);
  const who = owner === null ? 'another process' : `process ${owner.pid} (${owner.command})`;
  return new LocalError(
    'PORT_IN_USE',
    `Port ${port} on 127.0.0.1 is in use by ${who}, so Kafka cannot listen there. ` +
      'End that process, or choose another port.',
  );
}

export function directoryInUse(directory: string, port: number, broker: number, owner: number): LocalError {
  return new LocalError(
    'DIRECTORY_IN_USE',
    `A Kafka broker (process ${broker}, port ${port}) already runs in ${directory} on behalf of process ${owner}. ` +
      'Stop that process, or use another directory.',
  );
}
