import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Script } from 'node:vm';
import { describe, expect, test } from 'vitest';

const page = readFileSync('console/index.html', 'utf8');
const body = (tag: 'style' | 'script'): string => new RegExp(`<${tag}>(.*?)</${tag}>`, 's').exec(page)![1]!;

describe('the page at /', () => {
  test.each(['style', 'script'] as const)('its policy lets its own %s run, and no other', (tag) => {
    const hash = `sha256-${createHash('sha256').update(body(tag)).digest('base64')}`;
    expect(page).toContain(`${tag}-src '${hash}'`);
    expect(page).toContain("default-src 'none'");
  });

  test('it needs nothing from elsewhere', () => {
    expect(page).not.toMatch(/(?:src|href)="(?!data:)/);
    expect(page).not.toMatch(/https?:\/\//);
    expect(page).not.toContain('innerHTML');
  });

  test('its script is one that a browser can read', () => {
    expect(() => new Script(body('script'))).not.toThrow();
  });
});
