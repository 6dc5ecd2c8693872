import { expect, test } from 'vitest';
import { explainListenError } from '../../cli/serving.ts';
import { TributaryError } from '../../schema/errors.ts';

const place = {
  host: 'gate.example',
  port: 80,
  portCure: 'choose another with --port',
  hostCure: 'choose another with --host',
};
const failing = (code: string, syscall: string): Error => Object.assign(new Error(code), { code, syscall });

test.each([
  ['EADDRINUSE', 'listen', /^Port 80 is in use by .+ choose another with --port\.$/],
  ['EACCES', 'listen', /^This user may not listen on port 80: choose another with --port\.$/],
  ['EADDRNOTAVAIL', 'listen', /^This machine has no address "gate\.example": choose another with --host; /],
  ['ENOTFOUND', 'getaddrinfo', /^This machine has no address "gate\.example": choose another with --host; /],
])('%s of a listener has a message with the cure', (code, syscall, message) => {
  expect(explainListenError(failing(code, syscall), place)).toMatchObject({
    exitCode: 1,
    message: expect.stringMatching(message),
  });
});

test("a port in use is named with its process under a subgraph's own message too", () => {
  const cause = failing('EADDRINUSE', 'listen');
  const error = new TributaryError('CONFIGURATION_INVALID', 'Port 80 on gate.example is in use.', { cause });
  expect(explainListenError(error, place)).toMatchObject({
    message: expect.stringMatching(/^Port 80 .* by /),
  });
});

test('what is no fault of a listener passes as it is', () => {
  const error = failing('EACCES', 'open');
  expect(explainListenError(error, place)).toBe(error);
});
