export { LocalError, type LocalErrorCode } from '../error.ts';
export { type BrokerOptions, endAbandoned, startBroker } from './broker.ts';
export { ensureLibraries, type LibraryOptions } from './libraries.ts';
export type { LocalBroker } from './local-broker.ts';
export { type RunningNode, readRunning } from './node-state.ts';
export { askCluster, type ClusterAnswer } from './probe.ts';
export { type ResolvedKafka, type ResolveOptions, resolveKafka } from './resolve.ts';
export { findJava, findMaven } from './tools.ts';
