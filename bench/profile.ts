/** `node bench/profile.ts <folder>`: where the time went in the largest profile of a folder that `--profile` filled. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const shown = 25;
const [folder = '.'] = process.argv.slice(2);
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.cpuprofile'))
  .map((name) => join(folder, name))
  .sort((a, b) => statSync(b).size - statSync(a).size);
if (files[0] === undefined)
  throw new Error(`${folder} has no *.cpuprofile; make one with npm run bench -- --profile`);

const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(files[0], 'utf8')) as Profile;
const names = new Map(
  nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
    const place = url === '' ? '' : ` ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`;
    return [id, (functionName || '(anonymous)') + place];
  }),
);
const times = new Map<string, number>();
samples.forEach((id, index) => {
  const name = names.get(id) ?? '';
  if (name !== '(idle)') times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0));
});
const total = [...times.values()].reduce((sum, time) => sum + time, 0);
for (const [name, time] of [...times].sort((a, b) => b[1] - a[1]).slice(0, shown)) {
  console.log(`${((time / total) * 100).toFixed(1).padStart(5)} %  ${name}`);
}
