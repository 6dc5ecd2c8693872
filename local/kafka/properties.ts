import { join } from 'node:path';

/** A node of a KRaft cluster in which every node is broker and controller. */
export interface NodeSettings {
  readonly nodeId: number;
  readonly directory: string;
  readonly port: number;
  readonly controllerPort: number;
  /** Controllers of the whole cluster, this node among them, as `id@host:port`. */
  readonly voters: readonly string[];
}

/**
 * server.properties. The quorum is the static one (`controller.quorum.voters`) because it is read at every start, so
 * that a node may come back on another port; the dynamic one keeps its addresses in the metadata log.
 */
export function serverProperties(node: NodeSettings): string {
  const replicas = Math.min(3, node.voters.length);
  const inSync = Math.min(2, replicas);
  return lines({
    'process.roles': 'broker,controller',
    'node.id': node.nodeId,
    'controller.quorum.voters': node.voters.join(','),
    listeners: `CLIENT://127.0.0.1:${node.port},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    'advertised.listeners': `CLIENT://127.0.0.1:${node.port}`,
    'inter.broker.listener.name': 'CLIENT',
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': dataDirectory(node.directory),
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    // A mistyped topic must be an error here as it is in production.
    'auto.create.topics.enable': false,
    // 50 partitions each by default: a second of file creation at the first group or transaction.
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.num.partitions': 4,
    // After a kill -9 a node is refused until the session of its former self has ended: 9 s by default.
    'broker.session.timeout.ms': 4_000,
    'broker.heartbeat.interval.ms': 1_000,
    'group.initial.rebalance.delay.ms': 0,
    // Compaction within a test's patience, and a cleaner that fits into the small heap (128 MB by default).
    'log.cleaner.backoff.ms': 500,
    'log.cleaner.dedupe.buffer.size': 16 * 1024 * 1024,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'background.threads': 2,
  });
}

/** log4j2.properties: one file of at most 10 MB and one older one. */
export function loggingProperties(directory: string): string {
  return lines({
    status: 'error',
    'appender.file.type': 'RollingFile',
    'appender.file.name': 'file',
    'appender.file.fileName': logFile(directory),
    'appender.file.filePattern': `${logFile(directory)}.%i`,
    'appender.file.layout.type': 'PatternLayout',
    'appender.file.layout.pattern': '%d %p %m (%c{1})%n',
    'appender.file.policies.type': 'Policies',
    'appender.file.policies.size.type': 'SizeBasedTriggeringPolicy',
    'appender.file.policies.size.size': '10MB',
    'appender.file.strategy.type': 'DefaultRolloverStrategy',
    'appender.file.strategy.max': 1,
    'rootLogger.level': 'info',
    'rootLogger.appenderRef.file.ref': 'file',
  });
}

export const dataDirectory = (directory: string): string => join(directory, 'data');
export const logFile = (directory: string): string => join(directory, 'broker.log');

/** Java's .properties format takes a backslash as an escape; keys and values here hold none but in a path. */
function lines(properties: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${String(value).replaceAll('\\', '\\\\')}\n`)
    .join('');
}
