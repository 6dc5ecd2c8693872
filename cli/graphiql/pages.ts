import { once } from 'node:events';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Page } from '../../gateway/index.ts';

/** UTF-8. The names of the workers are ours; Monaco asks for them by label: see console/main.js. */
export type GraphiqlFiles = Readonly<
  Record<'js' | 'css' | 'editorWorker' | 'graphqlWorker' | 'jsonWorker', Uint8Array<ArrayBuffer>>
>;

/** Beside this one, and like it: a source, or the JavaScript of an installed package. */
const unpackModule = new URL(`./unpack${extname(import.meta.filename)}`, import.meta.url);

/** GraphiQL as its package ships it, in one string a file, made into files: no CDN, no bundler. */
export const graphiqlPages = async (): Promise<readonly (readonly [string, Page])[]> => {
  const worker = new Worker(unpackModule);
  const [files] = (await once(worker, 'message')) as [GraphiqlFiles];
  const page = (type: string, bytes: Uint8Array<ArrayBuffer>): Page => ({
    type: `text/${type}; charset=utf-8`,
    body: Buffer.from(bytes.buffer),
  });
  return [
    ['/graphiql/graphiql.js', page('javascript', files.js)],
    ['/graphiql/graphiql.css', page('css', files.css)],
    ['/graphiql/editor.worker.js', page('javascript', files.editorWorker)],
    ['/graphiql/graphql.worker.js', page('javascript', files.graphqlWorker)],
    ['/graphiql/json.worker.js', page('javascript', files.jsonWorker)],
  ];
};
