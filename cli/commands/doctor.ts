import { styleText } from 'node:util';
import { knownBrokers } from '../brokers.ts';
import type { Arguments } from '../command.ts';
import { brokersOption, readGivenConfiguration } from '../configuration/given.ts';
import type { Check, Finding } from '../doctor/check.ts';
import { brokerChecks, topicChecks, usageChecks } from '../doctor/kafka.ts';
import { redisChecks } from '../doctor/redis.ts';
import { serverChecks } from '../doctor/servers.ts';
import { nodeCheck, toolChecks } from '../doctor/tools.ts';
import { type ExitCode, exitCodes } from '../exit.ts';

/** See cli/manual.ts. */
export const run = async (given: Arguments): Promise<ExitCode> => {
  const configuration = readGivenConfiguration(given);
  const brokers = brokersOption(given) ?? (await knownBrokers(configuration));
  const checks: readonly Check[] = [
    nodeCheck,
    ...toolChecks(configuration.kafka.brokers === null && given.text('brokers') === undefined),
    ...brokerChecks(brokers),
    ...topicChecks(configuration, brokers),
    ...usageChecks(configuration.gateway.usage.topic, configuration.gateway.usage.brokers ?? brokers),
    ...redisChecks(configuration.views.redis),
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
