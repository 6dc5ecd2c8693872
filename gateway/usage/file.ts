import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface RotationOptions {
  /** Bytes of the file; a line that would make it larger begins the next one. */
  readonly bytes: number;
  /** Old files that are kept, `<path>.1` the youngest; the oldest goes. */
  readonly files: number;
}

/**
 * Lines appended to a file of bounded size. It is opened for each append, so that whoever else moves it away (logrotate)
 * gets no more of them. For one writer: two processes need two files.
 */
export class RotatingFile {
  readonly #path: string;
  readonly #options: RotationOptions;

  constructor(path: string, options: RotationOptions) {
    this.#path = path;
    this.#options = options;
  }

  /** Rejects with the error of the file system; some of the lines may be written then. */
  async append(lines: readonly string[]): Promise<void> {
    let next = 0;
    while (next < lines.length) next = await this.#fill(lines, next);
  }

  /** Rejects when the file cannot be written. Makes its folder when that is missing. */
  async check(): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    await (await open(this.#path, 'a')).close();
  }

  /** Writes as many lines as the file may take, at least one into an empty one. Returns the first that is left. */
  async #fill(lines: readonly string[], from: number): Promise<number> {
    const { bytes } = this.#options;
    const end = await this.#withFile(async (file, size) => {
      let text = size > 0 && !(await endsLine(file, size)) ? '\n' : '';
      let room = bytes - size - text.length;
      let end = from;
      for (; end < lines.length; end += 1) {
        const line = `${lines[end]}\n`;
        const length = Buffer.byteLength(line);
        if (length > room && (size > 0 || end > from)) break;
        text += line;
        room -= length;
      }
      if (end > from) await file.appendFile(text);
      return end;
    });
    if (end < lines.length) await this.#rotate();
    return end;
  }

  async #withFile<T>(use: (file: FileHandle, size: number) => Promise<T>): Promise<T> {
    const file = await open(this.#path, 'a+');
    try {
      return await use(file, (await file.stat()).size);
    } finally {
      await file.close();
    }
  }

  async #rotate(): Promise<void> {
    for (let number = this.#options.files; number > 0; number -= 1) {
      const younger = number === 1 ? this.#path : `${this.#path}.${number - 1}`;
      await rename(younger, `${this.#path}.${number}`).catch(unlessMissing);
    }
  }
}

/** A process that was killed may have left half a line. */
const endsLine = async (file: FileHandle, size: number): Promise<boolean> => {
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === 0x0a;
};

const unlessMissing = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'ENOENT') throw error;
};
