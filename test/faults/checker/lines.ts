import { open } from 'node:fs/promises';

/** Lines of a file that is still written to; a line that is not whole yet waits for its end. */
export class GrowingFile<Line> {
  readonly #path: string;
  #at = 0;
  #rest = '';

  constructor(path: string) {
    this.#path = path;
  }

  /** Gives the lines that came since the last call to `take`, by pieces of 1 MB. A file that is not there has none. */
  async read(take: (line: Line) => void): Promise<void> {
    const file = await open(this.#path).catch(() => null);
    if (file === null) return;
    const buffer = Buffer.alloc(1024 * 1024);
    try {
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#at);
        if (bytesRead === 0) return;
        this.#at += bytesRead;
        // Names and codes are ASCII, so that a piece never ends within a character.
        const lines = `${this.#rest}${buffer.toString('latin1', 0, bytesRead)}`.split('\n');
        this.#rest = lines.pop() ?? '';
        for (const line of lines) take(JSON.parse(line) as Line);
      }
    } finally {
      await file.close();
    }
  }
}
