import { styleText } from 'node:util';
import { knownBrokers } from '../brokers.ts';
import type { Arguments, Command } from '../command.ts';
import { brokersOption, readGivenConfiguration } from '../configuration/given.ts';
import type { Check, Finding } from '../doctor/check.ts';
import { brokerChecks, topicChecks } from '../doctor/kafka.ts';
import { serverChecks } from '../doctor/servers.ts';
import { nodeCheck, toolChecks } from '../doctor/tools.ts';
import { type ExitCode, exitCodes } from '../exit.ts';

const run = async (given: Arguments): Promise<ExitCode> => {
  const configuration = readGivenConfiguration(given);
  const brokers = brokersOption(given) ?? (await knownBrokers(configuration));
  const checks: readonly Check[] = [
    nodeCheck,
    ...toolChecks(configuration.kafka.brokers === null && given.text('brokers') === undefined),
    ...brokerChecks(brokers),
    ...topicChecks(configuration, brokers),
    ...serverChecks(configuration),
  ];
  const running = checks.map((check) => ({ check, finding: check.run() }));
  let failures = 0;
  for (const { check, finding } of running) {
    const found = await finding;
    process.stdout.write(`${lineOf(check.name, found)}\n`);
    if (found.kind === 'BAD') failures += 1;
  }
  return failures === 0 ? exitCodes.ok : exitCodes.failed;
};

const marks = { GOOD: 'ok', SKIPPED: '-', BAD: 'FAIL' } as const;

const lineOf = (name: string, finding: Finding): string => {
  const mark = marks[finding.kind].padEnd(4);
  const colour = process.stdout.hasColors?.() ?? false;
  const style = finding.kind === 'BAD' ? 'red' : 'green';
  const line = `${colour ? styleText(style, mark) : mark} ${name.padEnd(18)} ${finding.detail}`;
  return finding.kind === 'BAD' ? `${line}\n     ${finding.cure}` : line;
};

export const doctor: Command = {
  name: 'doctor',
  summary: 'check tools, brokers, topics, subgraphs and gateway',
  positionals: [],
  options: [{ name: 'brokers', value: 'list', about: 'Kafka brokers, host:port divided by commas' }],
  notes: 'One line a check, and the cure below what fails. Exit code 1 when something fails.',
  examples: [
    ['tributary doctor', 'beside a running tributary dev'],
    ['tributary doctor --brokers kafka-1:9092,kafka-2:9092', 'against another cluster'],
  ],
  run,
};
