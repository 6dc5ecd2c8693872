import type { GraphQLFormattedError } from 'graphql';
import { isRetryable } from '../../errors.ts';
import { lastingBytes } from '../../lasting-bytes.ts';
import type { DueEvent, RingEntry } from '../../subscriptions/index.ts';
import type { StreamFormat } from '../http/format.ts';

/** The id of the terminal event: a request that brings it back as Last-Event-ID is answered with 204 (S21). */
export const endMark = 'end';

/** Milliseconds before a client comes back, drawn anew for each, so that a storm arrives spread. */
const shortestRetryMs = 500;
const longestRetryMs = 2_500;

const newline = Buffer.from('\n\n');

/**
 * Server-sent events as graphql-sse's "distinct connections mode" has them, and with ids, by which an EventSource resumes.
 * `resumes`: the client comes back by itself whenever the stream ends without the terminal event.
 * Specification: https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
 */
export const sseFormat = (resumes: boolean): StreamFormat => ({
  contentType: 'text/event-stream; charset=utf-8',
  opening: () => retry(),
  heartbeat: Buffer.from(':\n\n'),
  event,
  progress: (cursor) => Buffer.from(`id: ${cursor}\n\n`),
  refused: (errors) => [next(errors), terminal],
  ended: (errors) => {
    if (errors === null) return [terminal];
    // What may succeed later goes on where it stopped: the client comes back with the id that it has.
    return resumes && errors.every(isRetryable) ? [next(errors)] : [next(errors), terminal];
  },
  drained: () => [],
});

/** The comment makes the first bytes of a body that proxies pass on; the time is for EventSource. */
const retry = (): Buffer => {
  const ms = shortestRetryMs + Math.round(Math.random() * (longestRetryMs - shortestRetryMs));
  return Buffer.from(`:\nretry: ${ms}\n\n`);
};

const terminal = Buffer.from(`event: complete\nid: ${endMark}\ndata:\n\n`);

const next = (errors: readonly GraphQLFormattedError[]): Buffer =>
  Buffer.from(`event: next\ndata: ${JSON.stringify({ errors })}\n\n`);

/** The payload is one line, since JSON escapes newlines; the brace behind it is a websocket's. */
const event = ({ entry, stamp, cursor }: DueEvent): readonly Buffer[] => {
  const { bytes, headLength } = entry;
  if (stamp === null) return [sharedHead(entry), bytes.subarray(0, -1), newline];
  return [Buffer.from(headText(cursor)), bytes.subarray(0, headLength), stamp.subarray(0, -1), newline];
};

const heads = new WeakMap<RingEntry, Buffer>();

/** Made once an event, whatever the number of clients. */
const sharedHead = (entry: RingEntry): Buffer => {
  let known = heads.get(entry);
  if (known === undefined) {
    known = lastingBytes(headText(entry.cursor));
    heads.set(entry, known);
  }
  return known;
};

const headText = (cursor: string | null): string =>
  cursor === null ? 'event: next\ndata: ' : `event: next\nid: ${cursor}\ndata: `;
