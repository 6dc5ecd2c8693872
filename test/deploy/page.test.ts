import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseCommandArguments } from '../../cli/arguments.ts';
import { environmentVariables } from '../../cli/configuration/settings.ts';
import { commands } from '../../cli/manual.ts';
import { readComposeFile, root } from './compose-file.ts';

const text = readFileSync(join(root, 'docs', 'deployment.md'), 'utf8');
/** What it shows to be typed. */
const lines = [...text.matchAll(/^ *```sh\n([\s\S]*?)^ *```/gm)].flatMap(([, block = '']) =>
  block
    .trim()
    .split('\n')
    .map((line) => line.trim()),
);

describe('docs/deployment.md', () => {
  test.each(lines.filter((line) => / tributary \w/.test(line)))(
    '%s: options that the command has',
    (line) => {
      const [name, ...parameters] = line.slice(line.indexOf(' tributary ') + 11).split(' ');
      const command = commands.find((candidate) => candidate.name === name);
      if (command !== undefined) parseCommandArguments(command, parameters);
      else expect(line).toMatch(/^docker build/);
    },
  );

  test.each(lines.filter((line) => line.startsWith('docker')))('%s: names what is there', async (line) => {
    const { services } = await readComposeFile();
    const stages = [...readFileSync(join(root, 'Dockerfile'), 'utf8').matchAll(/ AS (\w+)$/gm)].map(
      ([, stage]) => stage,
    );
    const target = /--target (\w+)/.exec(line)?.[1];
    if (target !== undefined) expect(stages).toContain(target);
    const profile = /--profile (\w+)/.exec(line)?.[1];
    if (profile !== undefined)
      expect(Object.values(services).flatMap(({ profiles = [] }) => profiles)).toContain(profile);
    const started = / --no-deps (.+)$/.exec(line)?.[1]?.split(' ') ?? [];
    expect(Object.keys(services)).toEqual(expect.arrayContaining(started));
  });

  test('variables and pages that there are', () => {
    const variables = environmentVariables.map(({ name }) => name);
    const named = [...text.matchAll(/`((?:TRIBUTARY|KAFKA)_[A-Z_]+)`/g)].map(([, name]) => name);
    expect(variables).toEqual(expect.arrayContaining(named));
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)/g))
      expect(existsSync(join(root, 'docs', target)), target).toBe(true);
  });
});
