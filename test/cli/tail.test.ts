import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Wire } from '../client/wire.ts';
import { startTributary } from './run.ts';

let wire: Wire;

beforeEach(async () => {
  wire = new Wire();
  await once(wire.server, 'listening');
});

afterEach(() => {
  wire.stop();
});

const tail = (...options: string[]) =>
  startTributary(['tail', 'subscription { events { kind id } }', '--url', wire.url, ...options]);

const untilPrinted = async ({ child, output }: ReturnType<typeof tail>, text: string): Promise<void> => {
  while (!output.stdout.includes(text)) await once(child.stdout, 'data');
};

describe('tail', () => {
  test('prints one line an event, and comes back after a loss with the cursor of the last one', async () => {
    const process = tail();
    const first = await wire.subscription(0);
    expect(first.payload.extensions?.tributary?.cursor).toBeUndefined();
    first.next({ events: { kind: 'DEPARTED', id: 1 } }, 'c1');
    first.next({ events: { kind: 'ARRIVED', id: 2 } }, 'c2');
    await untilPrinted(process, '{"id":2}');
    first.socket.terminate();
    const second = await wire.subscription(1);
    expect(second.payload.extensions?.tributary?.cursor).toBe('c2');
    second.next({ events: { kind: 'DELAYED', id: 3 } }, 'c3');
    await untilPrinted(process, '{"id":3}');
    process.child.kill('SIGINT');
    const { code, stdout, stderr } = await process.finished;
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} /, ''))).toEqual([
      'DEPARTED   {"id":1}',
      'ARRIVED    {"id":2}',
      'DELAYED    {"id":3}',
    ]);
    expect(stderr).toContain('closed with 1006');
    expect(stderr).toContain('connected again, going on after the last cursor');
  });

  test('S10 a progress ping moves the position without an event', async () => {
    const process = tail();
    const first = await wire.subscription(0);
    first.next({ events: { kind: 'DEPARTED', id: 1 } }, 'c1');
    first.ping('c9');
    await once(first.socket, 'message');
    first.socket.close(1012);
    expect((await wire.subscription(1)).payload.extensions?.tributary?.cursor).toBe('c9');
    process.child.kill('SIGTERM');
    expect((await process.finished).code).toBe(0);
  });

  test('a retryable error subscribes again; another one ends with its code and exit code 1', async () => {
    const process = tail();
    const first = await wire.subscription(0);
    first.next({ events: { kind: 'DEPARTED', id: 1 } }, 'c1');
    first.error('NOT_YET', true);
    const second = await wire.subscription(1);
    expect(second.payload.extensions?.tributary?.cursor).toBe('c1');
    second.error('CURSOR_EXPIRED');
    const { code, stderr } = await process.finished;
    expect(stderr).toContain('CURSOR_EXPIRED: no');
    expect(stderr).not.toContain('closed with 1000');
    expect(code).toBe(1);
  });

  test('a reader that has seen enough, as `| head -1`, ends it at once', async () => {
    const process = tail('--json');
    const { next } = await wire.subscription(0);
    // More than pipe and sockets hold, so that it stands still when the pipe closes.
    for (let index = 0; index < 2_000; index += 1)
      next({ events: { kind: 'DELAYED', id: 'x'.repeat(10_000) } }, `c${index}`);
    await once(process.child.stdout, 'data');
    process.child.stdout.destroy();
    const began = performance.now();
    const { code, stderr } = await process.finished;
    expect({ code, stderr }).toEqual({ code: 0, stderr: `connected to ${wire.url}\n` });
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test('a server that is not there yet is waited for, and said once; Ctrl-C ends the wait', async () => {
    const { url } = wire;
    await new Promise((resolve) => wire.server.close(resolve));
    const process = startTributary(['tail', 'subscription { events { id } }', '--url', url]);
    while (!process.output.stderr.includes('trying until it answers'))
      await once(process.child.stderr, 'data');
    process.child.kill('SIGINT');
    const { code, stderr } = await process.finished;
    expect(stderr.match(/trying until it answers/g)).toHaveLength(1);
    expect(stderr).toContain('ECONNREFUSED');
    expect(code).toBe(0);
  });

  test('--from becomes the argument from, --variables are sent, --json prints what came', async () => {
    const process = tail('--from', 'EARLIEST', '--variables', '{"a":1}', '--json');
    const first = await wire.subscription(0);
    expect(first.payload.query.replace(/\s+/g, ' ')).toBe(
      'subscription { events(from: "EARLIEST") { kind id } }',
    );
    expect(first.payload.variables).toEqual({ a: 1 });
    first.next({ events: { kind: 'DEPARTED', id: 1 } }, 'c1');
    first.complete();
    const { code, stdout } = await process.finished;
    expect(JSON.parse(stdout)).toEqual({
      data: { events: { kind: 'DEPARTED', id: 1 } },
      extensions: { tributary: { at: [0, 1], cursor: 'c1' } },
    });
    expect(code).toBe(0);
  });
});
