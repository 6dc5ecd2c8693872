import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export interface NamedTest {
  readonly file: string;
  readonly line: number;
  readonly name: string;
}

const root = join(import.meta.dirname, '..');
/** The name behind `test(`, `test.each(…)(` and the like; not that of a `describe`, which proves nothing. */
const testName = /\btest(?:\.\w+)?(?:\((?:[^()]|\([^()]*\))*\))?\(\s*(?:'([^']*)'|"([^"]*)"|`([^`]*)`)/g;
const leadingRules = /^(?:S\d+(?:, | and | ))*S\d+\b/;

/** Every test below test/ whose name begins with rules, by each of them. Read from the sources: nothing is run. */
export const testsByRule = (): ReadonlyMap<string, readonly NamedTest[]> => {
  const found = new Map<string, NamedTest[]>();
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  for (const file of files.toSorted()) {
    for (const test of testsOf(join(root, file))) {
      for (const rule of leadingRules.exec(test.name)?.[0].match(/S\d+/g) ?? []) {
        found.set(rule, [...(found.get(rule) ?? []), test]);
      }
    }
  }
  return found;
};

const testsOf = (path: string): readonly NamedTest[] => {
  const text = readFileSync(path, 'utf8');
  return [...text.matchAll(testName)].map(({ 1: single, 2: double, 3: template, index }) => ({
    file: relative(join(root, '..'), path),
    line: text.slice(0, index).split('\n').length,
    name: single ?? double ?? template ?? '',
  }));
};
