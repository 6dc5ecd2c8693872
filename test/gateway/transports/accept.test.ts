import { describe, expect, test } from 'vitest';
import { acceptedStream, acceptsGzip } from '../../../gateway/transports/http/accept.ts';

describe('what a client takes', () => {
  test.each<[string, string | undefined, ReturnType<typeof acceptedStream>]>([
    ['nothing said', undefined, null],
    ['anything', '*/*', null],
    ['a browser that opens the address', 'text/html,application/xhtml+xml,*/*;q=0.8', null],
    ['EventSource', 'text/event-stream', { format: 'SSE', only: true }],
    ['a charset', 'Text/Event-Stream; charset=utf-8', { format: 'SSE', only: true }],
    [
      'urql',
      'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed',
      { format: 'SSE', only: false },
    ],
    ['a stream that is refused', 'application/json, text/event-stream;q=0', null],
    [
      'Apollo Client 4',
      'multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9',
      { format: 'MULTIPART', only: true },
    ],
    [
      'as it is documented',
      'multipart/mixed;subscriptionSpec="1.0", application/json',
      { format: 'MULTIPART', only: true },
    ],
    ['@defer', 'multipart/mixed;deferSpec=20220824,application/json', null],
    ['another version', 'multipart/mixed;subscriptionSpec="2.0"', null],
    ['both', 'multipart/mixed;subscriptionSpec=1.0, text/event-stream', { format: 'MULTIPART', only: true }],
  ])('%s', (_name, accept, expected) => {
    expect(acceptedStream(accept)).toEqual(expected);
  });

  test.each<[string | undefined, boolean]>([
    [undefined, false],
    ['identity', false],
    ['br, gzip;q=0.8', true],
    ['gzip;q=0, br', false],
    ['x-gzip', false],
  ])('gzip by %s', (header, expected) => {
    expect(acceptsGzip(header)).toBe(expected);
  });
});
