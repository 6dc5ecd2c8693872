import type { Server, ServerResponse } from 'node:http';

/** Watches the requests of a server. The function resolves as soon as none runs. */
export const watchRequests = (server: Server): (() => Promise<void>) => {
  const running = new Set<ServerResponse>();
  server.on('request', (_request, response) => {
    running.add(response);
    response.once('close', () => running.delete(response));
  });
  return async () => {
    while (running.size > 0) {
      await Promise.all(
        [...running].map((response) => new Promise((resolve) => response.once('close', resolve))),
      );
    }
  };
};
