import { expect, test } from 'vitest';
import { defaultLimits } from '../../gateway/limits.ts';
import { renderConfiguration } from './render-configuration.ts';
import { renderErrors } from './render-errors.ts';

test('the reference of errors is what the code says', async () => {
  await expect(renderErrors()).toMatchFileSnapshot('../../docs/reference/errors.md');
});

test('the reference of the configuration is what the code says, and leaves no limit without words', async () => {
  const text = renderConfiguration();
  for (const name of Object.keys(defaultLimits))
    expect(text).toMatch(new RegExp(`\`${name}\` \\| [\\d,]+ \\| \\S`));
  await expect(text).toMatchFileSnapshot('../../docs/reference/configuration.md');
});
