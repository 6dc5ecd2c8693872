import { createHash } from 'node:crypto';
import type { ViewIdentity } from '../sqlite-file.ts';
import { keyIndex, type Layout, type LayoutIndex } from '../sqlite-layout.ts';

/** Raised when what the scripts store changes: an older form is another store. */
const formatVersion = 2;

/** Names of a view's keys. All of a partition share a hash tag, so in a cluster they share a slot. */
export class ViewKeys {
  /** Definition, cluster and topic id are in it: other ones live side by side, and what nobody writes any more expires. */
  readonly name: string;
  readonly indexes: readonly LayoutIndex[];

  constructor(layout: Layout, { clusterId, topicId }: ViewIdentity, namespace: string) {
    const definition = JSON.stringify([formatVersion, layout.hash, clusterId, topicId]);
    const hash = createHash('sha256').update(definition).digest('hex').slice(0, 16);
    this.name = `${namespace}:${layout.topic}.${layout.type}:${hash}`;
    this.indexes = [keyIndex, ...layout.indexes];
  }

  meta = (partition: number): string => this.of(partition, 'meta');
  rows = (partition: number): string => this.of(partition, 'rows');
  offsets = (partition: number): string => this.of(partition, 'offsets');
  lease = (partition: number): string => this.of(partition, 'lease');
  firsts = (partition: number): string => this.of(partition, 'firsts');
  index = (partition: number, index: LayoutIndex): string => this.of(partition, index.name);

  /** In the order that the script of a batch takes them. */
  all(partition: number): string[] {
    const fixed = ['meta', 'rows', 'offsets', 'tombstones', 'log', 'lease'];
    const firsts = ['firsts', 'first-names', 'first-times'];
    return [...fixed, ...firsts, ...this.indexes.map(({ name }) => name)].map((part) =>
      this.of(partition, part),
    );
  }

  private of(partition: number, part: string): string {
    return `{${this.name}:${partition}}:${part}`;
  }
}
