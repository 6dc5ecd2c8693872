import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { buildSchema } from 'graphql';
import { expect, test } from 'vitest';
import { Documents } from '../../../gateway/transports/documents.ts';

const names = Array.from({ length: 2_000 }, (_, index) => `a${index.toString(36)}`);
const apiSchema = buildSchema(`type Query { ${names.map((name) => `${name}: Int`).join('\n')} }`);
const limits = { documentTokens: 100_000, documentDepth: 50, documentFields: 100_000, documentAliases: 1000 };
const dense = (index: number): string => `{ n${index}: a0 ${names.join(' ')} }`;

test('documents are kept by the memory they take, not by their characters, and the least recently used one goes', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const documents = new Documents(limits);
  const first = documents.read({ apiSchema }, dense(0)).document;
  expect(first).not.toBeNull();
  expect(documents.read({ apiSchema }, dense(0)).document).toBe(first);
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let index = 1; index <= 120; index++) documents.read({ apiSchema }, dense(index));
  collect();
  // By their characters, which are a fourth of what four million are, all of them would be kept, in 112 MB.
  expect((process.memoryUsage().heapUsed - before) / 1024 / 1024).toBeLessThan(96);
  expect(documents.known({ apiSchema }, dense(0))).toBeNull();
  expect(documents.known({ apiSchema }, dense(120))).not.toBeNull();
});
