import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { loadSupergraph } from '../../gateway/generation/supergraph.ts';
import { compose, describeSubgraph, type SchemaSource } from '../../schema/index.ts';

const root = join(import.meta.dirname, '..', '..');
const pages = ['README.md', ...readdirSync(join(root, 'docs/guides')).map((file) => `docs/guides/${file}`)];

interface Block {
  readonly page: string;
  readonly language: string;
  readonly text: string;
}

const blocks: Block[] = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```([^\n]+)\n([\s\S]*?)^```/gm)].map(
    ([, language = '', text = '']) => ({
      page,
      language,
      text,
    }),
  ),
);

const sourcesOf = (name: string): SchemaSource[] => {
  const folder = join(root, 'subgraphs', name);
  return readdirSync(folder)
    .filter((file) => file.endsWith('.graphql'))
    .map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }));
};
const domains = readdirSync(join(root, 'subgraphs')).filter((name) => name !== 'kit');
const composed = compose(
  domains.map((name) => ({ name, url: `http://127.0.0.1/${name}`, sources: sourcesOf(name) })),
);
const { apiSchema } = loadSupergraph(composed.supergraphSdl);

describe('what the guides show', () => {
  const operations = blocks.filter(
    ({ language, text }) => language === 'graphql' && /^\s*(query|mutation|subscription)\b/.test(text),
  );
  test.each(operations)('$page: an operation is valid on the reference graph', ({ text }) => {
    expect(validate(apiSchema, parse(text))).toEqual([]);
  });

  const sdl = blocks.filter(({ language }) => language === 'graphql sdl');
  test.each(sdl)('$page: SDL is a subgraph', ({ page, text }) => {
    expect(describeSubgraph([{ file: page, text }]).description.topics.length).toBeGreaterThan(0);
  });

  test('links between pages lead somewhere', () => {
    for (const page of pages) {
      const text = readFileSync(join(root, page), 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)) {
        expect(existsSync(join(root, page, '..', target)), `${page} → ${target}`).toBe(true);
      }
    }
  });
});
