import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSchema, getOperationAST, parse } from 'graphql';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultLimits } from '../../../gateway/limits.ts';
import { openUsage, type UsedOperation } from '../../../gateway/usage/usage.ts';
import { Signal } from '../support/signal.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'usage-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const schema = buildSchema('type Query { a: Int }');
const use = (text: string): UsedOperation => {
  const document = parse(text);
  const operation = getOperationAST(document);
  if (operation === null || operation === undefined) throw new Error('no operation');
  return { schema, document, operation };
};

test('an interval that cannot be written is lost, said in the log, and the next one is written', async () => {
  const file = join(directory, 'usage.jsonl');
  const warned = new Signal();
  const warnings: unknown[] = [];
  const log = {
    info: () => undefined,
    warn: (...given: unknown[]) => {
      warnings.push(given);
      warned.fire();
    },
  };
  const usage = await openUsage({ file, limits: { ...defaultLimits, usageMs: 5 }, log });
  unlinkSync(file);
  mkdirSync(file);
  usage.record(use('query Lost { a }'), false);
  await warned.after(0);
  expect(warnings).toEqual([
    [
      { err: expect.objectContaining({ code: 'EISDIR' }), sink: 'file', lines: 1 },
      'usage could not be written; it is lost',
    ],
  ]);
  rmdirSync(file);
  usage.record(use('query Kept { a }'), false);
  await usage.stop();
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ name: 'Kept', count: 1 }]);
});

test('without a file or a sink nothing is counted or written', async () => {
  const log = { info: () => undefined, warn: () => undefined };
  const usage = await openUsage({ file: null, limits: defaultLimits, log });
  usage.record(use('{ a }'), false);
  await usage.stop();
});
