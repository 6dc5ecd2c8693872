import { readFileSync } from 'node:fs';
import type { Page } from '../gateway/index.ts';
import { boardPages } from './board/pages.ts';

const read = (file: string): Buffer => readFileSync(new URL(`../console/${file}`, import.meta.url));

/** What the gateway shows to browsers, by path. */
export const consolePages = (): ReadonlyMap<string, Page> =>
  new Map([['/', { type: 'text/html; charset=utf-8', body: read('index.html') }], ...boardPages()]);
