import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { basename, extname } from 'node:path';
import type { Page } from '../gateway/index.ts';

/** Of this file and those that are served: sources, or the JavaScript of an installed package. */
const extension = extname(import.meta.filename);

/** The client helper as the modules of a page: /client/index.js is `tributary-graph/client`. */
export const clientPages = (): ReadonlyMap<string, Page> => {
  const folder = new URL('../client/', import.meta.url);
  const files = readdirSync(folder).filter((file) => extname(file) === extension && !file.endsWith('.d.ts'));
  return new Map(
    files.map((file) => {
      const text = readFileSync(new URL(file, folder), 'utf8');
      // Node's compiler of TypeScript takes 0.1 s of CPU to start; what it has compiled of ours it has kept.
      const body = extension === '.ts' ? () => asJavaScript(text) : text;
      return [
        `/client/${basename(file, extension)}.js`,
        { type: 'text/javascript; charset=utf-8', body },
      ] as const;
    }),
  );
};

const asJavaScript = (text: string): string =>
  stripTypeScriptTypes(text).replaceAll(/(from '\.\/[\w-]+)\.ts'/g, "$1.js'");
