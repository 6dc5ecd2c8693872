import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';

type Content = string | Buffer;

/** Something for browsers: HTML, or what HTML needs. */
export interface Page {
  /** Media type. */
  readonly type: string;
  /**
   * A function is called when the page is first asked for, and what it gives is kept: a gateway that no browser visits
   * starts without it. When it throws or rejects the request fails, and the next one calls it again.
   */
  readonly body: Content | (() => Content | Promise<Content>);
}

/** Browsers keep what has not changed: the tag is of the content. */
export const servePage = (app: FastifyInstance, path: string, { type, body }: Page): void => {
  const tagged = async () => {
    const content = typeof body === 'function' ? await body() : body;
    return { content, tag: `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"` };
  };
  const content = kept(tagged);
  app.get(path, async (request, reply) => {
    const { content: sent, tag } = await content();
    reply.headers({ etag: tag, 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' });
    if (request.headers['if-none-match'] === tag) return reply.code(304).send();
    return reply.type(type).send(sent);
  });
};

/** Made once, by whoever asks first; a failure is told to those who wait, and not kept. */
const kept = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | null = null;
  return () => {
    if (made === null) {
      made = make();
      made.catch(() => {
        made = null;
      });
    }
    return made;
  };
};
