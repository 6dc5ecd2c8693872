/** `node test/rules/print.ts`: which tests prove which rule. */
import { rules } from './rules.ts';
import { testsByRule } from './tests-by-rule.ts';

const found = testsByRule();
for (const [rule, what] of Object.entries(rules)) {
  console.log(`${rule}: ${what}`);
  for (const { file, line, name } of found.get(rule) ?? []) console.log(`  ${file}:${line}  ${name}`);
}
