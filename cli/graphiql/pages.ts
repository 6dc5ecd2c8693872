import { once } from 'node:events';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Page } from '../../gateway/index.ts';

/** UTF-8. The names of the workers are ours; Monaco asks for them by label: see console/workers.js. */
export type GraphiqlFiles = Readonly<
  Record<'js' | 'css' | 'editorWorker' | 'graphqlWorker' | 'jsonWorker', Uint8Array<ArrayBuffer>>
>;

/** Beside this one, and like it: a source, or the JavaScript of an installed package. */
const unpackModule = new URL(`./unpack${extname(import.meta.filename)}`, import.meta.url);

/**
 * GraphiQL as its package ships it, in one string a file, made into files: no CDN, no bundler. That takes 0.3 s of CPU
 * and 9 MB, so it waits for the first browser.
 */
export const graphiqlPages = (): readonly (readonly [string, Page])[] => {
  let unpacking: Promise<GraphiqlFiles> | null = null;
  const unpacked = (): Promise<GraphiqlFiles> => {
    if (unpacking === null) {
      unpacking = unpack();
      unpacking.catch(() => {
        unpacking = null;
      });
    }
    return unpacking;
  };
  const page = (type: string, file: keyof GraphiqlFiles): Page => ({
    type: `text/${type}; charset=utf-8`,
    body: async () => Buffer.from((await unpacked())[file].buffer),
  });
  return [
    ['/graphiql/graphiql.js', page('javascript', 'js')],
    ['/graphiql/graphiql.css', page('css', 'css')],
    ['/graphiql/editor.worker.js', page('javascript', 'editorWorker')],
    ['/graphiql/graphql.worker.js', page('javascript', 'graphqlWorker')],
    ['/graphiql/json.worker.js', page('javascript', 'jsonWorker')],
  ];
};

const unpack = async (): Promise<GraphiqlFiles> => {
  const worker = new Worker(unpackModule);
  const [files] = (await once(worker, 'message')) as [GraphiqlFiles];
  return files;
};
