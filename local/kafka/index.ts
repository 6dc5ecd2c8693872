export { type BrokerOptions, endAbandoned, startBroker } from './broker.ts';
export { ensureLibraries, type LibraryOptions } from './libraries.ts';
export type { LocalBroker } from './local-broker.ts';
export { askCluster, type ClusterAnswer } from './probe.ts';
export { findJava, findMaven } from './tools.ts';
