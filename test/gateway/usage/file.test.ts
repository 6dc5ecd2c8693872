import { appendFileSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RotatingFile } from '../../../gateway/usage/file.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'usage-'));
  path = join(directory, 'below', 'usage.jsonl');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const opened = async (bytes: number, files: number): Promise<RotatingFile> => {
  const file = new RotatingFile(path, { bytes, files });
  await file.check();
  return file;
};
const content = (suffix = ''): string => readFileSync(`${path}${suffix}`, 'utf8');

test('appends to what is there, and makes the folder', async () => {
  await (await opened(100, 1)).append(['a', 'b']);
  await (await opened(100, 1)).append(['c']);
  expect(content()).toBe('a\nb\nc\n');
});

test('a line that makes the file too large begins the next; so many old ones are kept', async () => {
  const file = await opened(6, 2);
  await file.append(['11', '22', '33', '44', '55', '66', '77']);
  expect([content(), content('.1'), content('.2')]).toEqual(['77\n', '55\n66\n', '33\n44\n']);
  await file.append(['88', '99']);
  expect([content(), content('.1'), content('.2')]).toEqual(['99\n', '77\n88\n', '55\n66\n']);
  expect(readdirSync(join(directory, 'below'))).toHaveLength(3);
});

test('a line larger than the file gets one of its own', async () => {
  await (await opened(4, 3)).append(['a', 'too large', 'b']);
  expect([content(), content('.1'), content('.2')]).toEqual(['b\n', 'too large\n', 'a\n']);
});

test('a file that somebody moves away is begun again, and half a line of a crash spoils no other', async () => {
  const file = await opened(100, 1);
  await file.append(['a']);
  renameSync(path, `${path}.moved`);
  await file.append(['b']);
  appendFileSync(path, '{"half');
  await file.append(['c']);
  expect([content('.moved'), content()]).toEqual(['a\n', 'b\n{"half\nc\n']);
});
