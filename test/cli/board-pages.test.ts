import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path/posix';
import { describe, expect, test } from 'vitest';
import { boardPages } from '../../cli/board/pages.ts';

const pages = boardPages();
const bodies = new Map(
  await Promise.all(
    [...pages].map(
      async ([path, { body }]) => [path, String(typeof body === 'function' ? await body() : body)] as const,
    ),
  ),
);
const text = (path: string): string => {
  const body = bodies.get(path);
  if (body === undefined) throw new Error(`nothing is at ${path}`);
  return body;
};
const board = text('/board');
const importMap = /<script type="importmap">(.*?)<\/script>/s.exec(board)![1]!;
const { imports } = JSON.parse(importMap) as { imports: Record<string, string> };

/** Where a browser looks for what the module at `path` imports. */
const resolve = (specifier: string, path: string): string => {
  if (specifier.startsWith('.')) return join(dirname(path), specifier);
  const [name, target] = Object.entries(imports)
    .filter(([key]) => specifier === key || (key.endsWith('/') && specifier.startsWith(key)))
    .at(-1)!;
  return join('/', target, specifier.slice(name.length));
};

describe('the page at /board', () => {
  test('its policy lets its own import map run, and no other script in it', () => {
    const hash = `sha256-${createHash('sha256').update(importMap).digest('base64')}`;
    expect(board).toContain(`script-src 'self' '${hash}'`);
    expect(board).toContain("default-src 'none'");
    expect(board).not.toMatch(/https?:\/\/| on\w+=| style=/);
  });

  test('every file and module that it needs is served', () => {
    const linked = [...board.matchAll(/(?:src|href)="(board\/[^"]+)"/g)].map(([, path]) => `/${path}`);
    expect(linked.length).toBeGreaterThan(2);
    const seen = new Set<string>();
    const follow = (path: string): void => {
      if (seen.has(path)) return;
      seen.add(path);
      const specifiers = [...text(path).matchAll(/\b(?:from|import)\s*["']([^"']+)["']/g)].map(
        ([, specifier]) => specifier!,
      );
      // Packages import nothing but their own files; graphql-ws has a message that tells how to import another.
      const isOwn = dirname(path) === '/board';
      for (const each of specifiers) if (isOwn || each.startsWith('.')) follow(resolve(each, path));
    };
    for (const path of linked) follow(path);
    const served = [...pages.keys()].filter((path) => path !== '/board');
    expect([...seen].sort()).toEqual(served.sort());
  });
});
