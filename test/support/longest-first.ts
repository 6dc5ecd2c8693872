import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * What takes longest, in the order in which it begins, so that no worker is left alone with it at the end. Vitest knows
 * that by itself only where it ran before. What starts brokers or a browser is not side by side.
 */
const longest: readonly string[] = [
  'test/cli/gateway-workers.test.ts',
  'test/kit/subgraph/redis-slow.test.ts',
  'test/package/package.test.ts',
  'test/cli/subgraph-workers.test.ts',
  'test/cli/gateway.test.ts',
  'test/kit/subgraph/retry-after-kill.test.ts',
  'test/local/broker.test.ts',
  'test/data/replay.test.ts',
  'test/kit/kafka/leader-change.test.ts',
  'test/cli/commands.test.ts',
  'test/bench/ended.test.ts',
  'test/kit/subgraph/truncation.test.ts',
  'test/bench/smoke.test.ts',
  'test/kit/kafka/broker-restart.test.ts',
  'test/cli/subgraph.test.ts',
  'test/kit/view/redis/kill.test.ts',
  'test/cli/doctor-redis.test.ts',
  'test/cli/usage-topic.test.ts',
  'test/e2e/page.test.ts',
  'test/e2e/kill.test.ts',
  'test/faults/faults.test.ts',
  'test/e2e/board.test.ts',
  'test/e2e/main.test.ts',
  'test/e2e/event-source.test.ts',
];

/** Begins with the longest, in each project. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const byProject = Map.groupBy(await super.sort(files), ({ project }) => project);
    return [...byProject.values()].flatMap((of) => of.toSorted((a, b) => rank(a) - rank(b)));
  }
}

const rank = ({ moduleId, project }: TestSpecification): number => {
  const index = longest.indexOf(relative(project.config.root, moduleId));
  return index === -1 ? longest.length : index;
};
