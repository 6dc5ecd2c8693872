import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

export interface SkippedTest {
  /** File and name. */
  readonly test: string;
  /** Null when the test does not say. */
  readonly reason: string | null;
}

export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly SkippedTest[];
}

/**
 * Counts for the last line of `npm test`, written to the file that TRIBUTARY_TEST_SUMMARY names. A file that could not
 * be loaded and an error outside of any test count as one failure each.
 */
// biome-ignore lint/style/noDefaultExport: vitest looks for a reporter under this name only.
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const path = process.env.TRIBUTARY_TEST_SUMMARY;
    if (path === undefined) return;
    const count = { passed: 0, failed: unhandled.length };
    const skipped: SkippedTest[] = [];
    for (const module of modules) {
      const before = count.failed;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'skipped') {
          const file = relative(process.cwd(), module.moduleId);
          skipped.push({ test: `${file} > ${test.fullName}`, reason: result.note ?? null });
          continue;
        }
        // A test that never came to an end has not passed.
        count[result.state === 'pending' ? 'failed' : result.state] += 1;
      }
      if (module.state() === 'failed' && count.failed === before) count.failed += 1;
    }
    writeFileSync(path, JSON.stringify({ ...count, skipped } satisfies Summary));
  }
}
