import { describe, expect, test } from 'vitest';
import { eventually, Signal } from '../support/signal.ts';
import { query, Streams } from '../support/streams.ts';

const streams = new Streams();

describe('gzip', () => {
  const gzip = { 'accept-encoding': 'gzip' };

  test('is off by default', async () => {
    await streams.start();
    expect((await streams.open({ headers: gzip }).headers()).headers['content-encoding']).toBeUndefined();
  });

  test('brings every event without waiting for the next one, and ends well', async () => {
    await streams.start({ compression: true });
    const plain = streams.open({});
    expect((await plain.headers()).headers['content-encoding']).toBeUndefined();
    const address = `${streams.world.gateway.url}?query=${encodeURIComponent(query)}`;
    const answer = await fetch(address, { headers: { ...gzip, accept: 'text/event-stream' } });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    const changed = new Signal();
    let text = '';
    const read = (async () => {
      for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        changed.fire();
      }
    })();
    await streams.isLive();
    for (const size of [1, 1_000_000]) {
      const id = streams.world.events.produce(0, { padding: 'x'.repeat(size) });
      await changed.until(() => text.includes(`"id":"${id}"`) && text.endsWith('\n\n'));
    }
    streams.world.events.complete();
    await read;
    expect(text).toMatch(/event: complete\nid: end\ndata:\n\n$/);
    expect(await plain.end()).toContain('complete');
  });

  test('S20 who stops reading falls off the ring all the same', async () => {
    await streams.start({ compression: true, limits: { ringBytes: 512 * 1024 } });
    const slow = streams.open({ headers: gzip });
    (await slow.headers()).pause();
    await streams.isLive();
    // Behind its first event it has joined; who falls off before that starts over instead.
    streams.world.events.produce(0, {});
    await eventually(() => streams.world.gateway.counters.deliveries > 0);
    let produced = 1;
    while (streams.world.gateway.counters.slowClients === 0) {
      // Nothing that a compressor could make small.
      const padding = crypto.getRandomValues(Buffer.alloc(45_000)).toString('base64');
      for (let index = 0; index < 5; index += 1) streams.world.events.produce(0, { padding });
      produced += 5;
      await eventually(
        () =>
          streams.world.gateway.counters.slowClients > 0 ||
          streams.world.gateway.counters.executions === produced,
      );
    }
    await eventually(() => streams.world.gateway.counters.streams === 0);
  });
});
