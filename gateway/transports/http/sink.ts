import type { ServerResponse } from 'node:http';
import { constants, createGzip } from 'node:zlib';

/** The body of a response, which takes one batch at a time. */
export interface Sink {
  /** Writes a batch; `taken` is called when the client's side has room for the next. */
  write(parts: readonly Buffer[], taken: () => void): void;
  /** Writes the last batch, and ends the response. */
  end(parts: readonly Buffer[]): void;
}

/** A batch is one chunk of HTTP, and leaves in one system call; its buffers are not copied. */
export const plainSink = (response: ServerResponse): Sink => {
  const write = (parts: readonly Buffer[], taken?: () => void): void => {
    response.cork();
    parts.forEach((part, index) => {
      if (index === parts.length - 1) response.write(part, taken);
      else response.write(part);
    });
    response.uncork();
  };
  return {
    write,
    end: (parts) => {
      write(parts);
      response.end();
    },
  };
};

/** Small windows: at most about 50 KB a stream, where zlib's defaults take 270 KB. */
const gzipOptions = { level: 4, windowBits: 12, memLevel: 5 };

/**
 * Compresses, and flushes behind each batch, so that no event waits for the next one. Costs memory and time for each client,
 * where plain ones share their bytes.
 */
export const gzipSink = (response: ServerResponse): Sink => {
  const gzip = createGzip(gzipOptions);
  gzip.pipe(response);
  response.once('close', () => gzip.destroy());
  return {
    write: (parts, taken) => {
      for (const part of parts) gzip.write(part);
      gzip.flush(constants.Z_SYNC_FLUSH, taken);
    },
    end: (parts) => {
      for (const part of parts) gzip.write(part);
      gzip.end();
    },
  };
};
