import { readdirSync, readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from '../../gateway/index.ts';
import { clientPages } from '../client-pages.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

/** The departures board at /board, its files, and the modules of the packages that it imports. */
export const boardPages = (): ReadonlyMap<string, Page> => {
  const folder = new URL('../../console/board/', import.meta.url);
  const files = readdirSync(folder).filter((file) => ['.css', '.js'].includes(extname(file)));
  return new Map([
    ['/board', page(new URL('board.html', folder))],
    ...files.map((file) => [`/board/${file}`, page(new URL(file, folder))] as const),
    ...modules('lit-html', ['lit-html.js', 'directives/repeat.js']),
    ...modules('graphql-ws', ['dist/client.js']),
    ...clientPages(),
  ]);
};

const page = (file: URL): Page => ({ type: types[extname(file.pathname)] ?? '', body: readFileSync(file) });

/**
 * Modules of an installed package, and those that they import from it, as they are: at `/board/<package>/<file>`. A
 * browser resolves their relative imports by itself; the page's import map gives it the packages.
 */
const modules = (name: string, entries: readonly string[]): ReadonlyMap<string, Page> => {
  const manifest = findPackageJSON(name, import.meta.url);
  if (manifest === undefined) throw new Error(`The package ${name} is not installed. Run npm ci.`);
  const root = new URL('.', pathToFileURL(manifest));
  const found = new Map<string, Page>();
  const add = (file: URL): void => {
    const path = `/board/${name}/${file.href.slice(root.href.length)}`;
    if (found.has(path)) return;
    const module = page(file);
    found.set(path, module);
    for (const imported of importsOf(String(module.body))) add(new URL(imported, file));
  };
  for (const entry of entries) add(new URL(entry, root));
  return found;
};

/** Relative ones. */
const importsOf = (source: string): string[] =>
  [...source.matchAll(/\b(?:from|import)\s*["'](\.[^"']+)["']/g)].map(([, specifier]) => specifier ?? '');
