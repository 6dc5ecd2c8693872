import type { ReaderSink } from '../../../subgraphs/kit/kafka/topic.ts';
import type { RawBatch, RawRecord } from '../../../subgraphs/kit/records.ts';

export interface Collected {
  readonly sink: ReaderSink;
  readonly batches: RawBatch[];
  readonly events: ('recreated' | 'outOfRange')[];
  /** Records of all batches, in the order of arrival, with their partition. */
  records(): { readonly partition: number; readonly record: RawRecord }[];
  /** Values as text, in the order of arrival. */
  values(): string[];
  /** Resolves as soon as the condition holds; it is asked after each batch and event. */
  until(condition: () => boolean): Promise<void>;
}

/** A sink that keeps what it gets, and lets a test wait for it. */
export const collect = (overrides: Partial<ReaderSink> = {}): Collected => {
  const batches: RawBatch[] = [];
  const events: Collected['events'] = [];
  let waiting: { readonly condition: () => boolean; readonly resolve: () => void }[] = [];
  const look = () => {
    const met = waiting.filter(({ condition }) => condition());
    waiting = waiting.filter((wait) => !met.includes(wait));
    for (const { resolve } of met) resolve();
  };
  const records = () =>
    batches.flatMap(({ partition, records: found }) => found.map((record) => ({ partition, record })));
  return {
    batches,
    events,
    records,
    values: () => records().map(({ record }) => String(record.value)),
    until: (condition) =>
      new Promise((resolve) => {
        waiting.push({ condition, resolve });
        look();
      }),
    sink: {
      batch: async (batch) => {
        await overrides.batch?.(batch);
        batches.push(batch);
        look();
      },
      outOfRange: async (event) => {
        events.push('outOfRange');
        const next = (await overrides.outOfRange?.(event)) ?? event.logStart;
        look();
        return next;
      },
      recreated: (event) => {
        events.push('recreated');
        overrides.recreated?.(event);
        look();
      },
    },
  };
};
