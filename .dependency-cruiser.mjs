// The house has four floors and imports go down only: schema, then subgraphs and gateway side by side, then cli.
const floor = (name, from, to, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: to },
});

export default {
  forbidden: [
    floor(
      'schema-is-the-ground',
      '^schema/',
      '^(subgraphs|gateway|client|console|cli|local|test|bench)/',
      'schema imports nothing of ours',
    ),
    floor(
      'subgraphs-import-schema-only',
      '^subgraphs/',
      '^(gateway|client|console|cli|local|test|bench)/',
      'subgraphs import schema and never the gateway',
    ),
    floor(
      'gateway-imports-schema-only',
      '^gateway/',
      '^(subgraphs|client|console|cli|local|test|bench)/',
      'the gateway imports schema and never a subgraph',
    ),
    floor(
      'local-stands-apart',
      '^local/',
      '^(schema|subgraphs|gateway|cli|test|bench)/',
      'the local cluster knows nothing of the product',
    ),
    floor(
      'nothing-imports-tests',
      '^(?!test/|bench/)',
      '^(test|bench)/',
      'test and bench are never imported',
    ),
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphan-resolution', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-dev-dependencies-in-the-product',
      severity: 'error',
      from: { path: '^(schema|subgraphs|gateway|client|cli)/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'node_modules/.*/node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
  },
};
