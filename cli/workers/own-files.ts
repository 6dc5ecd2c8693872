import { join, parse } from 'node:path';

/** The first worker has the files of a command without workers, so that it goes on with them; the others have their own. */
export const workerFile = (file: string, number: number): string => {
  if (number === 1) return file;
  const { dir, name, ext } = parse(file);
  return join(dir, `${name}.worker-${number}${ext}`);
};

/** The same for a folder. */
export const workerDirectory = (directory: string, number: number): string =>
  number === 1 ? directory : join(directory, `worker-${number}`);
