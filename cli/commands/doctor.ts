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
    for (const line of linesOf(check.name, found)) process.stdout.write(`${line}\n`);
    if (found.kind === 'BAD') failures += 1;
  }
  return failures === 0 ? exitCodes.ok : exitCodes.failed;
};

const marks = { GOOD: 'ok', SKIPPED: '-', WARN: 'WARN', BAD: 'FAIL' } as const;
const styles = { GOOD: 'green', SKIPPED: 'green', WARN: 'yellow', BAD: 'red' } as const;

const linesOf = (name: string, finding: Finding): readonly string[] => {
  const mark = marks[finding.kind].padEnd(4);
  const colour = process.stdout.hasColors?.() ?? false;
  const start = `${colour ? styleText(styles[finding.kind], mark) : mark} ${name.padEnd(18)}`;
  if (finding.kind === 'GOOD' || finding.kind === 'SKIPPED') return [`${start} ${finding.detail}`];
  const faults = finding.kind === 'WARN' ? finding.warnings : [finding];
  return faults.map(({ detail, cure }) => `${start} ${detail}\n     ${cure}`);
};
