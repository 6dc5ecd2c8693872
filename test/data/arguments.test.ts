import { describe, expect, test } from 'vitest';
import { ArgumentError, readArguments } from '../../data/replay/arguments.ts';

const read = (line: string) => readArguments(line.split(' '));

describe('the command line of the replay', () => {
  test('defaults: without end, a minute a second, from six in the morning', () => {
    expect(read('--brokers a:9092,b:9092')).toEqual({
      brokers: ['a:9092', 'b:9092'],
      speed: 60,
      from: Date.parse('2013-02-04T11:00:00Z'),
      passes: Number.POSITIVE_INFINITY,
      reset: false,
      count: false,
      help: false,
    });
  });

  test('full speed is one pass', () => {
    expect(read('--brokers a:1 --full-speed --once')).toMatchObject({
      speed: Number.POSITIVE_INFINITY,
      passes: 1,
    });
  });

  test.each([
    ['--once', '--brokers is missing; write host:port.'],
    [
      '--brokers a:1 --speed 0',
      '--speed is 0; write a number above 0, 100000 at most, or take --full-speed.',
    ],
    ['--brokers a:1 --speed x', '--speed is x;'],
    [
      '--brokers a:1 --from 2014-01-01T00:00:00Z',
      '--from is 2014-01-01T00:00:00Z; write a time from 2013-02-04T05:',
    ],
    ['--brokers a:1 --loop --full-speed', '--loop and --full-speed exclude each other.'],
    ['--brokers a:1 --speed 9 --full-speed', '--speed and --full-speed exclude each other.'],
    ['--broker a:1', "Unknown option '--broker'"],
  ])('%s is refused with the cure', (line, message) => {
    expect(() => read(line)).toThrow(ArgumentError);
    expect(() => read(line)).toThrow(message);
  });
});
