import { fetcher } from './fetcher.js';
import { prepareTabs } from './samples.js';
import { prepareWorkers } from './workers.js';

prepareWorkers();
const defaultTabs = await prepareTabs(localStorage);
globalThis.YogaGraphiQL.renderYogaGraphiQL(document.getElementById('graphiql'), {
  fetcher,
  defaultTabs,
  title: 'Tributary',
  logo: '<img src="/console/icon.svg" alt="" width="28" height="28">',
  // Headers may hold secrets: they are not kept unless the visitor says so. Nor is what is typed written into the address.
  shouldPersistHeaders: false,
  onEditQuery: undefined,
});
