import type { Import } from './rules.ts';

/**
 * Reads the output of `tsc --explainFiles`: a file's path, then indented reasons why it is part of the program. It names
 * what the compiler itself resolved, type imports included, so no second parser can disagree with it.
 */
export function compilerImports(explanation: string): Import[] {
  const imports = new Map<string, Import>();
  let to = '';
  for (const line of explanation.split('\n')) {
    if (/^\S/.test(line)) to = line;
    const from = /^\s+Imported via .+? from file '([^']+)'/.exec(line)?.[1];
    if (from !== undefined && !from.startsWith('node_modules/')) imports.set(`${from} ${to}`, { from, to });
  }
  return [...imports.values()];
}
