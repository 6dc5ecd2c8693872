import type { DueEvent } from '../../subscriptions/index.ts';
import type { StreamFormat } from '../http/format.ts';

const partHead = '\r\nContent-Type: application/json\r\n\r\n';
const delimiter = Buffer.from('\r\n---');
const eventHead = Buffer.from(`${partHead}{"payload":`);
const last = Buffer.from('--\r\n');

const part = (content: unknown): Buffer => Buffer.from(`${partHead}${JSON.stringify(content)}\r\n---`);

const heartbeat = part({});
const opening = Buffer.concat([delimiter, heartbeat]);

/**
 * Apollo's protocol for subscriptions over multipart HTTP. A part ends with the delimiter of the next one, so that a client
 * sees the whole part at once.
 * Specification: https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol
 */
export const multipartFormat: StreamFormat = {
  contentType: 'multipart/mixed;boundary="-";subscriptionSpec="1.0"',
  opening: () => opening,
  heartbeat,
  event: ({ entry, stamp }: DueEvent) =>
    stamp === null
      ? [eventHead, entry.bytes, delimiter]
      : [eventHead, entry.bytes.subarray(0, entry.headLength), stamp, delimiter],
  progress: () => null,
  refused: (errors) => [part({ payload: { errors } }), last],
  ended: (errors) => (errors === null ? [last] : [part({ payload: null, errors }), last]),
  drained: (errors) => [part({ payload: null, errors }), last],
};
