export { type BrokerOptions, type LocalBroker, startBroker } from './broker.ts';
export { ensureLibraries, type LibraryOptions } from './libraries.ts';
export { askCluster, type ClusterAnswer } from './probe.ts';
