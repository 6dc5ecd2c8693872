/** What one event of a stream says; each ends with an empty line. */
export interface StreamEvent {
  readonly event: string | undefined;
  readonly id: string | undefined;
  readonly data: string | undefined;
}

export interface FollowOptions {
  /** Sees each event before the reader does; an error breaks the stream off before this event. */
  take(event: StreamEvent): Error | null;
  /** Milliseconds without a byte, after which the connection counts as lost. */
  readonly silenceMs: number;
}

/**
 * The same server-sent events, for a reader who loses what it has read of a chunk when the connection breaks in the middle
 * of it, as graphql-sse's parser does: only whole events are handed on, each only when it is asked for. So what `take` saw
 * has reached the reader. It has no end: where the body ends it fails, since whoever has had the last event reads no more.
 */
export const followEvents = (
  body: ReadableStream<Uint8Array>,
  { take, silenceMs }: FollowOptions,
): ReadableStream<Uint8Array> => {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let text = '';
  let failure: unknown = null;
  /** The next whole events; empty when what came has none. Throws what broke the stream off. */
  const next = async (): Promise<string> => {
    if (failure !== null) throw failure;
    const silence = setTimeout(() => void reader.cancel().catch(() => undefined), silenceMs);
    const { done, value } = await reader.read().finally(() => clearTimeout(silence));
    if (done) throw new Error('The stream ended before its operation did.');
    text += decoder.decode(value, { stream: true });
    const end = text.lastIndexOf('\n\n') + 1;
    if (end === 0) return '';
    const events = text.slice(0, end + 1).split(/(?<=\n\n)/);
    text = text.slice(end + 1);
    let whole = '';
    for (const each of events) {
      // What stands before it has been seen, so the reader must have it first.
      failure = take(parsed(each));
      if (failure !== null) break;
      whole += each;
    }
    return whole;
  };
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          let whole = '';
          while (whole === '') whole = await next();
          controller.enqueue(encoder.encode(whole));
        } catch (error) {
          void reader.cancel().catch(() => undefined);
          // graphql-sse takes a loss for one only while it waits for an event: it must have told what came before.
          await new Promise((resolve) => setTimeout(resolve));
          throw error;
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    // With a buffer of its own, the stream would drop what is in it when it fails.
    { highWaterMark: 0 },
  );
};

/** Fields in the form that the gateway writes them in, one line each. For a regular expression, JSON may have more line ends. */
const parsed = (text: string): StreamEvent => {
  const lines = text.split('\n');
  const field = (name: string): string | undefined =>
    lines
      .find((line) => line.startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .replace(/^ /, '');
  return { event: field('event'), id: field('id'), data: field('data') };
};
