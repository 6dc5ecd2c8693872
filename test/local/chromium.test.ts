import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findChromium } from '../support/chromium.ts';
import { programs, scratchDirectory } from '../support/scratch.ts';

test('CHROMIUM goes before all others; one that does not run is named, with the cure', async () => {
  const folder = await programs(await scratchDirectory(), {
    mine: 'echo "Chromium 156.0"',
    snap: 'echo "install the snap" >&2; exit 1',
  });
  expect(await findChromium({ PATH: '', CHROMIUM: join(folder, 'mine') })).toBe(join(folder, 'mine'));
  await expect(findChromium({ CHROMIUM: join(folder, 'snap') })).rejects.toThrow(
    /^CHROMIUM names ".+snap", which does not run\. Correct it, or unset it/,
  );
});
