/** One import as the compiler resolved it; paths from the repository's root. */
export interface Import {
  readonly from: string;
  /** A file of ours, or one below node_modules. */
  readonly to: string;
}

/**
 * The house has floors and imports go down only: schema, then subgraphs and gateway side by side, then cli. A folder
 * may import itself and what stands here; a folder that is missing here may be imported by nobody and fails the check.
 */
const floors: Readonly<Record<string, readonly string[]>> = {
  schema: [],
  subgraphs: ['schema'],
  gateway: ['schema'],
  client: [],
  local: [],
  build: [],
  data: ['schema', 'subgraphs'],
  cli: ['schema', 'subgraphs', 'gateway', 'client', 'local', 'data'],
  test: ['schema', 'subgraphs', 'gateway', 'client', 'local', 'data', 'cli', 'bench'],
  bench: ['schema', 'subgraphs', 'gateway', 'client', 'local', 'data', 'cli', 'test'],
};

/** Folders that run without development dependencies. */
const product = new Set(['schema', 'subgraphs', 'gateway', 'client', 'cli']);

/** What is wrong with each import that breaks the rules, one line each. */
export function violations(imports: readonly Import[], developmentPackages: ReadonlySet<string>): string[] {
  return imports.flatMap(({ from, to }) => {
    const zone = folderOf(from);
    if (zone === null) return [];
    const packageName = packageOf(to);
    if (packageName !== null) {
      if (!product.has(zone) || !developmentPackages.has(packageName)) return [];
      return [
        `${from} imports ${packageName}, which is a development dependency: ${zone}/ is part of the product.`,
      ];
    }
    const target = folderOf(to);
    if (target === null || target === zone) return [];
    const allowed = floors[zone];
    if (allowed === undefined)
      return [`${from}: the folder ${zone}/ has no rule. Add it to ${import.meta.filename}.`];
    if (allowed.includes(target)) return [];
    const may = allowed.length === 0 ? 'nothing of ours' : `${allowed.join(', ')} only`;
    return [`${from} imports ${to}: ${zone}/ may import ${may}.`];
  });
}

function folderOf(path: string): string | null {
  const slash = path.indexOf('/');
  return slash === -1 ? null : path.slice(0, slash);
}

function packageOf(path: string): string | null {
  return /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? null;
}
