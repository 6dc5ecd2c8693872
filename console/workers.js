/**
 * The workers of GraphiQL's editor. Monaco starts them late, and starts them again after minutes of rest: their scripts
 * are fetched with the page, so that an editor lives on while the gateway is away.
 */
const files = {
  editorWorkerService: 'editor.worker.js',
  graphql: 'graphql.worker.js',
  json: 'json.worker.js',
};

/** By label: the address of the script, which the page itself holds. */
const scripts = new Map();

const scriptOf = (label) => {
  const known = scripts.get(label);
  if (known !== undefined) return known;
  const script = fetchScript(`/graphiql/${files[label]}`);
  scripts.set(label, script);
  // The next one who asks tries again.
  script.catch(() => scripts.delete(label));
  return script;
};

const fetchScript = async (path) => {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: status ${response.status}`);
  return URL.createObjectURL(await response.blob());
};

export const prepareWorkers = () => {
  globalThis.MonacoEnvironment = {
    globalAPI: false,
    getWorker: async (_module, label) => new Worker(await scriptOf(label), { name: label }),
  };
  for (const label of Object.keys(files)) scriptOf(label);
};
