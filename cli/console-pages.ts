import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from '../gateway/index.ts';
import { boardPages } from './board/pages.ts';
import { graphiqlPages } from './graphiql/pages.ts';

const types = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
} as const;

/** Files in console/, by the path that they are served at. */
const own = {
  '/': 'index.html',
  '/console/main.js': 'main.js',
  '/console/samples.js': 'samples.js',
  '/console/fetcher.js': 'fetcher.js',
  '/console/operations.js': 'operations.js',
  '/console/stream.js': 'stream.js',
  '/console/workers.js': 'workers.js',
  '/console/icon.svg': 'icon.svg',
} as const;

/** What the gateway shows to browsers, by path. */
export const consolePages = async (): Promise<ReadonlyMap<string, Page>> => {
  const [websocketClient, ...files] = await Promise.all([
    readFile(fileURLToPath(new URL('../umd/graphql-ws.min.js', import.meta.resolve('graphql-ws')))),
    ...Object.entries(own).map(
      async ([path, file]) =>
        [
          path,
          { type: typeOf(file), body: await readFile(new URL(`../console/${file}`, import.meta.url)) },
        ] as const,
    ),
  ]);
  return new Map<string, Page>([
    ...files,
    ...graphiqlPages(),
    ...boardPages(),
    ['/console/graphql-ws.js', { type: types.js, body: websocketClient }],
  ]);
};

const typeOf = (file: string): string => types[file.slice(file.lastIndexOf('.') + 1) as keyof typeof types];
