import { Agent, type OutgoingHttpHeaders, request } from 'node:http';

/** An answer as it came, but for its Date. */
export interface RawAnswer {
  readonly status: number;
  /** Names and values in turn, in their order and case. */
  readonly headers: readonly string[];
  readonly body: string;
}

export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

/** Asks on a connection that is kept, with no headers but the given ones, Host and, but for GET, Content-Length. */
export const rawAnswer = (
  port: number,
  { method = 'POST', path = '/graphql', headers = {}, body = '' }: RawRequest,
): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: true });
    const options = { host: '127.0.0.1', port, path, method, agent };
    const length = method === 'GET' ? {} : { 'content-length': Buffer.byteLength(body) };
    const sent = request({ ...options, headers: { ...length, ...headers } });
    sent.on('error', reject);
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        agent.destroy();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.rawHeaders.map((text, index, all) => (all[index - 1] === 'Date' ? '-' : text)),
          body: Buffer.concat(chunks).toString(),
        });
      });
    });
    sent.end(body);
  });
