import { expect, test } from 'vitest';
import { compilerImports } from '../support/zones/compiler-imports.ts';
import { violations } from '../support/zones/rules.ts';

const explanation = `node_modules/vitest/index.d.ts
   Imported via 'vitest' from file 'gateway/a.ts' with packageId 'vitest/index.d.ts@5.1.1'
   Imported via 'vitest' from file 'test/a.test.ts' with packageId 'vitest/index.d.ts@5.1.1'
schema/errors.ts
   Matched by include pattern 'schema' in 'tsconfig.json'
   Imported via '../schema/errors.ts' from file 'gateway/a.ts'
   Imported via '../schema/errors.ts' from file 'local/a.ts'
gateway/a.ts
   Imported via '../gateway/a.ts' from file 'subgraphs/a.ts'
   Imported via './a.ts' from file 'gateway/b.ts'
`;

test('imports are read from what the compiler says', () => {
  expect(compilerImports(explanation)).toEqual([
    { from: 'gateway/a.ts', to: 'node_modules/vitest/index.d.ts' },
    { from: 'test/a.test.ts', to: 'node_modules/vitest/index.d.ts' },
    { from: 'gateway/a.ts', to: 'schema/errors.ts' },
    { from: 'local/a.ts', to: 'schema/errors.ts' },
    { from: 'subgraphs/a.ts', to: 'gateway/a.ts' },
    { from: 'gateway/b.ts', to: 'gateway/a.ts' },
  ]);
});

test('an import up or sideways, and a development dependency in the product, are named', () => {
  expect(violations(compilerImports(explanation), new Set(['vitest']))).toEqual([
    'gateway/a.ts imports vitest, which is a development dependency: gateway/ is part of the product.',
    'local/a.ts imports schema/errors.ts: local/ may import nothing of ours.',
    'subgraphs/a.ts imports gateway/a.ts: subgraphs/ may import schema only.',
  ]);
});

test('a folder without a rule fails', () => {
  expect(violations([{ from: 'new/a.ts', to: 'schema/a.ts' }], new Set())).toEqual([
    expect.stringContaining('the folder new/ has no rule'),
  ]);
});
