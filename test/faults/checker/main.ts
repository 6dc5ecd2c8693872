/**
 * The judge of a fault run: reads what the topics hold, then what the clients wrote down, and ends with 0 only when every
 * client got what it should.
 *
 *   node test/faults/checker/main.ts FOLDER [--follow SECONDS]
 *
 * With --follow the clients may still be running: it waits up to so long until each is up to date, and then two seconds
 * more for what comes twice. Nothing may be written to the topics meanwhile.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Delays } from './delays.ts';
import type { FaultLine, LogLine, RunDescription, WrittenLine } from './format.ts';
import { ClientJudge } from './judge.ts';
import { GrowingFile } from './lines.ts';
import { Storm } from './storm.ts';
import { summarise } from './table.ts';
import { readTopic, type TopicContent } from './topic.ts';

const settleMs = 2_000;
const pollMs = 250;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { follow: { type: 'string', default: '0' } },
});
const folder = positionals[0];
if (folder === undefined)
  throw new Error('Usage: node test/faults/checker/main.ts FOLDER [--follow SECONDS]');
const run = JSON.parse(await readFile(join(folder, 'run.json'), 'utf8')) as RunDescription;

const names = [...new Set(run.clients.map(({ topic }) => topic))];
const contents = new Map<string, TopicContent>();
for (const content of await Promise.all(names.map((name) => readTopic(run.brokers, name)))) {
  contents.set(content.topic, content);
}
for (const { topic, partitions } of contents.values()) {
  console.log(`${topic}: ${partitions.flat().length} records in ${partitions.length} partitions`);
}

const faults = await linesOf<FaultLine>(join(folder, 'faults.jsonl'));
const delays = new Delays(faults);
const cut = faults.find(({ fault }) => fault === 'storm');
const storm = cut === undefined ? null : new Storm(cut.at);
const judges = new Map(
  run.clients.map((declaration) => {
    const content = contents.get(declaration.topic);
    if (content === undefined) throw new Error(`nothing was read of ${declaration.topic}`);
    const watches = declaration.slow
      ? []
      : [delays.watch(declaration.client), ...(storm === null ? [] : [storm.watch()])];
    return [declaration.client, new ClientJudge(declaration, content, watches)];
  }),
);
await judge(Number(values.follow) * 1000);
const summary = summarise(
  [...judges.values()].map((each) => each.verdict()),
  delays,
  await acknowledged(),
);
console.log(`\n${summary.text}\n`);
if (storm !== null) console.log(`${storm.summary()}\n`);
console.log(summary.good ? 'Nothing lost, nothing twice.' : 'The promise is broken.');
process.exitCode = summary.good ? 0 : 1;

async function judge(followMs: number): Promise<void> {
  const logs = (await readdir(folder ?? '')).filter((name) => /^clients-\d+\.jsonl$/.test(name));
  const files = logs.map((name) => new GrowingFile<LogLine>(join(folder ?? '', name)));
  const readAll = async (): Promise<void> => {
    for (const file of files) await file.read((line) => judges.get(line.client)?.take(line));
  };
  const began = Date.now();
  await readAll();
  if (followMs === 0) return;
  while (![...judges.values()].every(({ complete }) => complete)) {
    if (Date.now() - began > followMs) break;
    await pause(pollMs);
    await readAll();
  }
  console.log(`all that is written was looked for ${((Date.now() - began) / 1000).toFixed(1)} s`);
  await pause(settleMs);
  await readAll();
}

/** What the writer was promised against what Kafka has. */
async function acknowledged(): Promise<{ acknowledged: number; missing: number }> {
  const places = new Map(
    [...contents.values()].map(({ topic, partitions }) => [
      topic,
      partitions.map((records) => new Map(records.map((record) => [record.offset, record]))),
    ]),
  );
  const lines = await linesOf<WrittenLine>(join(folder ?? '', 'written.jsonl'));
  const missing = lines.filter(
    ({ topic, partition, offset, key }) => places.get(topic)?.[partition]?.get(offset)?.key !== key,
  );
  return { acknowledged: lines.length, missing: missing.length };
}

async function linesOf<Line>(path: string): Promise<Line[]> {
  const lines: Line[] = [];
  await new GrowingFile<Line>(path).read((line) => lines.push(line));
  return lines;
}
