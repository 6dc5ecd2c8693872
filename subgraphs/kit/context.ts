import DataLoader from 'dataloader';
import { TributaryError } from '../../schema/errors.ts';
import type { WrittenRecord } from './kafka/producer.ts';
import type { Row } from './records.ts';
import type { TopicSource } from './topic-source.ts';
import type { Page, PageQuery, StoredRow, View } from './view/view.ts';
import type { UpdateOptions, Writer } from './write/writer.ts';

/** What a resolver of a subgraph's own finds as its context. */
export interface SubgraphContext {
  /** Rows of a type with a COMPACT topic, read in batches. */
  rows(type: string): { get(key: string): Promise<Row | null> };
  /**
   * Read-modify-write of one key (S25): waits until the view holds the key's last write, calls `change`, writes, and
   * returns the row as written. `also` names records of other topics that are sent with it. Rejects with NOT_FOUND
   * for an unknown key. With an `idempotencyKey` a client's retry gets the first result; with `ifPosition` it rejects with
   * CONFLICT when the row was written since.
   */
  update(
    type: string,
    key: string,
    change: (row: Row) => Row,
    also?: (row: Row) => readonly TypedRow[],
    options?: UpdateOptions,
  ): Promise<Row>;
  /** Writes one record and returns it as written. */
  append(type: string, row: Row): Promise<Row>;
}

export interface TypedRow {
  readonly type: string;
  readonly row: Row;
}

/** Topic id → what must be readable before an answer: `[partition, offset]` of records (S16, S24). */
export type AfterPositions = Readonly<Record<string, readonly (readonly [number, number])[]>>;

export interface ContextOptions {
  readonly sources: ReadonlyMap<string, TopicSource>;
  readonly writer: Writer;
  readonly after: AfterPositions | null;
  readonly afterWaitMs: number;
  /** Keep rows that were read for the next reads of the same key. False for a context that outlives a request. */
  readonly keepRows: boolean;
}

/** What the kit's own resolvers use besides. */
export interface RequestContext extends SubgraphContext {
  /** Where this request's mutations wrote, for `extensions.tributary.position` (S24). */
  readonly written: WrittenRecord[];
  /** The row of a key; null where there is none. Rejects with RECORD_UNREADABLE, VIEW_NOT_READY or NOT_YET. */
  load(type: string, key: string): Promise<Row | null>;
  page(type: string, query: PageQuery): Promise<Page>;
  /** Writes a row whatever was there before, with the promises of `update`. */
  put(type: string, row: Row, options: UpdateOptions): Promise<Row>;
}

/**
 * The context of one request, or of one batch of events: reads of one turn of the loop become one statement. It is a
 * plain object, since Apollo Server copies contexts property by property.
 */
export const requestContext = (options: ContextOptions): RequestContext => {
  const reads = new Reads(options);
  const written: WrittenRecord[] = [];
  const { writer } = options;
  const load: RequestContext['load'] = async (type, key) => {
    const stored = await reads.loader(type).load(key);
    if (stored?.state === 'UNREADABLE') throw unreadable(type, stored);
    return stored?.row ?? null;
  };
  return {
    written,
    load,
    rows: (type) => ({ get: (key) => load(type, key) }),
    page: async (type, query) => (await reads.view(type)).page(query),
    update: async (type, key, change, also = () => [], options = {}) => {
      await reads.view(type);
      const others = (changed: Row) =>
        also(changed).map((other) => ({ source: reads.source(other.type), row: other.row }));
      const result = await writer.update(reads.source(type), key, change, others, options);
      written.push(...result.written);
      reads.loader(type).clear(key);
      return result.row;
    },
    put: async (type, row, options) => {
      await reads.view(type);
      const result = await writer.put(reads.source(type), row, options);
      written.push(...result.written);
      return result.row;
    },
    append: async (type, row) => {
      const result = await writer.append([{ source: reads.source(type), row }]);
      written.push(...result.written);
      return result.row;
    },
  };
};

class Reads {
  readonly #options: ContextOptions;
  readonly #loaders = new Map<string, DataLoader<string, StoredRow | null>>();
  #caughtUp: Promise<void> | null = null;

  constructor(options: ContextOptions) {
    this.#options = options;
  }

  source(type: string): TopicSource {
    const source = this.#options.sources.get(type);
    if (source !== undefined) return source;
    const known = [...this.#options.sources.keys()].join(', ');
    throw new TributaryError(
      'INTERNAL',
      `No type "${type}" has a topic in this subgraph; those that have: ${known}.`,
    );
  }

  async view(type: string): Promise<View> {
    const source = this.source(type);
    if (source.view === null) {
      throw new TributaryError(
        'INTERNAL',
        `"${type}" has no view: its topic "${source.topic.name}" is not COMPACT.`,
      );
    }
    if (!source.isReady) {
      throw new TributaryError(
        'VIEW_NOT_READY',
        `"${type}" is still being read from "${source.topic.name}". Try again.`,
      );
    }
    if (this.#options.after !== null) {
      this.#caughtUp ??= waitForAll(this.#options, this.#options.after);
      await this.#caughtUp;
    }
    return source.view;
  }

  loader(type: string): DataLoader<string, StoredRow | null> {
    const existing = this.#loaders.get(type);
    if (existing !== undefined) return existing;
    const loader = new DataLoader<string, StoredRow | null>(
      async (keys) => (await this.view(type)).getMany(keys),
      { cache: this.#options.keepRows },
    );
    this.#loaders.set(type, loader);
    return loader;
  }
}

export const unreadable = (
  type: string,
  { key, partition, offset }: Pick<StoredRow, 'key' | 'partition' | 'offset'>,
) =>
  new TributaryError(
    'RECORD_UNREADABLE',
    `The latest record of ${type} "${key}" (partition ${partition}, offset ${offset}) cannot be decoded.`,
  );

const waitForAll = async ({ sources, afterWaitMs }: ContextOptions, after: AfterPositions): Promise<void> => {
  const byTopic = new Map([...sources.values()].map((source) => [source.topic.topicId, source]));
  const waits = Object.entries(after).flatMap(([topicId, records]) => {
    const source = byTopic.get(topicId);
    return source?.view
      ? records.map(([partition, offset]) => waitFor(source, source.view, partition, offset, afterWaitMs))
      : [];
  });
  await Promise.all(waits);
};

const waitFor = async (
  source: TopicSource,
  view: View | null,
  partition: number,
  offset: number,
  timeoutMs: number,
): Promise<void> => {
  if (view === null || (await view.waitFor(partition, offset + 1, timeoutMs))) return;
  throw new TributaryError(
    'NOT_YET',
    `This replica has not read partition ${partition} of "${source.topic.name}" as far as offset ${offset}; it waited ${timeoutMs} ms. Try again.`,
  );
};
