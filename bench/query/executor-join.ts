import { startScript } from '../processes/script.ts';
import { profiling, shrunk, tributary, type Workload } from '../workload.ts';
import type { ExecutorMethods } from './measure-executors.ts';

/** Executors alone, in one process and in turn, over subgraphs that answer from memory. */
export const executorJoin: Workload = {
  name: 'executor-join',
  about: 'the executor alone: 3 fetches, 20 products with 40 reviews, answers from memory',
  open: async (options, stack) => {
    const script = stack.use(
      await startScript<ExecutorMethods>(
        new URL('measure-executors.ts', import.meta.url),
        profiling(options),
      ),
    );
    const requests = shrunk(2_000, options, 20);
    await script.call('run', { requests });
    return async () => {
      const { text, values, stock, parsing } = await script.call('run', { requests });
      const metric = 'cpu_us_per_request';
      // Who takes no text, such as a client of websockets, is answered with values.
      const onValues = 'cpu_us_per_request_on_values';
      return [
        { metric, subject: tributary, value: text },
        { metric, subject: 'apollo-gateway', value: stock },
        { metric, subject: 'json-parse', value: parsing },
        { metric: onValues, subject: tributary, value: values },
        { metric: onValues, subject: 'apollo-gateway', value: stock },
        { metric: onValues, subject: 'json-parse', value: parsing },
      ];
    };
  },
};
