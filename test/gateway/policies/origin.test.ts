import { describe, expect, test } from 'vitest';
import { checkOrigin } from '../../../gateway/policies/origin.ts';

const policy = { origins: ['https://board.example'], hosts: ['graph.example'] };

describe('S29 Origin and Host', () => {
  test.each<[string | undefined, string | undefined]>([
    ['127.0.0.1:4000', undefined],
    ['localhost:4000', undefined],
    ['[::1]:4000', 'http://[::1]:3000'],
    ['127.0.0.1:4000', 'http://localhost:5173'],
    ['127.0.0.1:4000', 'https://board.example'],
    ['graph.example', undefined],
    ['GRAPH.example:8443', 'https://board.example'],
    ['graph.example', 'https://graph.example'],
  ])('host %s with origin %s may', (host, origin) => {
    expect(checkOrigin(headers(host, origin), policy)).toBeNull();
  });

  test.each<[string | undefined, string | undefined, string]>([
    [undefined, undefined, 'gateway.hosts'],
    ['', undefined, 'gateway.hosts'],
    ['rebound.evil.example:4000', undefined, 'gateway.hosts'],
    ['127.0.0.1.evil.example', undefined, 'gateway.hosts'],
    ['localhost.evil.example', undefined, 'gateway.hosts'],
    ['a b', undefined, 'gateway.hosts'],
    ['127.0.0.1:4000', 'https://evil.example', 'gateway.origins'],
    ['127.0.0.1:4000', 'http://board.example', 'gateway.origins'],
    ['127.0.0.1:4000', 'https://board.example.evil.example', 'gateway.origins'],
    ['127.0.0.1:4000', 'null', 'gateway.origins'],
    ['127.0.0.1:4000', 'file://', 'gateway.origins'],
    ['graph.example', 'https://other.example', 'gateway.origins'],
  ])('host %s with origin %s may not, and the message names %s', (host, origin, option) => {
    const error = checkOrigin(headers(host, origin), policy);
    expect(error?.code).toBe('FORBIDDEN_ORIGIN');
    expect(error?.message).toContain(option);
  });

  test('* allows all', () => {
    const open = { origins: ['*'], hosts: ['*'] };
    expect(checkOrigin({ host: 'any.example', origin: 'https://evil.example' }, open)).toBeNull();
  });
});

const headers = (
  host: string | undefined,
  origin: string | undefined,
): { host?: string; origin?: string } => ({
  ...(host === undefined ? {} : { host }),
  ...(origin === undefined ? {} : { origin }),
});
