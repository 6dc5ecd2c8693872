/** `npm run zones`: checks that imports go down the floors of the house only, and that the product needs no development dependency. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compilerImports } from './support/zones/compiler-imports.ts';
import { violations } from './support/zones/rules.ts';

const root = join(import.meta.dirname, '..');
const imports = compilerImports(await explainFiles());
if (imports.length === 0) throw new Error('tsc --explainFiles named no import: its output has changed.');
const found = violations(imports, await developmentPackages());
for (const line of found) console.error(line);
console.log(`${imports.length} imports, ${found.length} of them against the rules`);
process.exitCode = found.length === 0 ? 0 : 1;

/** Mistakes in types are the business of `npm run types`: the compiler explains its files all the same. */
function explainFiles(): Promise<string> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  return new Promise((resolve, reject) => {
    const options = { cwd: root, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, [compiler, '--noEmit', '--explainFiles'], options, (error, stdout) =>
      stdout === '' ? reject(error ?? new Error('tsc --explainFiles printed nothing')) : resolve(stdout),
    );
  });
}

/** A package that is both (a type-only peer, say) counts as the product's. */
async function developmentPackages(): Promise<ReadonlySet<string>> {
  const { dependencies, devDependencies } = JSON.parse(
    await readFile(join(root, 'package.json'), 'utf8'),
  ) as {
    dependencies: Record<string, string>;
    devDependencies: Record<string, string>;
  };
  // Types are erased, so what they come from need not be installed where the product runs.
  const names = Object.keys(devDependencies).filter(
    (name) => !name.startsWith('@types/') && !(name in dependencies),
  );
  return new Set(names);
}
