import { writeFileSync } from 'node:fs';
import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
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
    const count = { passed: 0, failed: unhandled.length, skipped: 0 };
    for (const module of modules) {
      const before = count.failed;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        // A test that never came to an end has not passed.
        count[state === 'pending' ? 'failed' : state] += 1;
      }
      if (module.state() === 'failed' && count.failed === before) count.failed += 1;
    }
    writeFileSync(path, JSON.stringify(count satisfies Summary));
  }
}
