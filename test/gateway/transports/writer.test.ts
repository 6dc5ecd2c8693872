import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { encodeEvent, type RingEntry } from '../../../gateway/subscriptions/event.ts';
import { Ring, RingBudget } from '../../../gateway/subscriptions/ring.ts';
import { RingReader } from '../../../gateway/subscriptions/ring-reader.ts';
import type { Due } from '../../../gateway/subscriptions/subscriber.ts';
import { SocketWriter } from '../../../gateway/transports/writer.ts';

const entry = (number: number): RingEntry =>
  encodeEvent({ data: { number, text: 'x'.repeat(1_000) } }, { at: [0, number], cursor: 'c', gap: false });

/** What a socket is given, by system call, as long as it takes it. */
class Wire extends Writable {
  readonly calls: Buffer[][] = [];
  #taken: (() => void) | null = null;
  stalls = false;

  constructor() {
    super({ highWaterMark: 16 * 1024 });
  }

  override _writev(chunks: { chunk: Buffer }[], taken: () => void): void {
    this.calls.push(chunks.map(({ chunk }) => chunk));
    if (this.stalls) this.#taken = taken;
    else taken();
  }

  /** Takes what it was given, and goes on. */
  readOn(): void {
    this.stalls = false;
    this.#taken?.();
  }
}

const connected = (ring: Ring) => {
  const wire = new Wire();
  const closed: string[] = [];
  const writer = new SocketWriter(wire as never, {
    unsentBytes: 1_000,
    isOpen: () => true,
    onEnd: () => undefined,
    onClose: (reason) => closed.push(reason),
  });
  const reader = new RingReader(ring, 0, null);
  let wake = (): void => {};
  writer.attach('1', (outlet) => {
    wake = () => outlet.wake();
    const pull = (): Due | null => {
      const due = reader.next();
      return due === null ? null : { kind: 'EVENT', ...due };
    };
    return { closing: null, pull, takeStart: () => null, takeProgress: () => null, stop: () => undefined };
  });
  return { wire, writer, wake: () => wake(), closed };
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

const isOf = (chunk: Buffer, { bytes }: RingEntry): boolean =>
  chunk.buffer === bytes.buffer && chunk.byteOffset === bytes.byteOffset && chunk.length === bytes.length;

describe('S20 the writer of a socket', () => {
  test('takes all that is due in one write, and hands on the bytes of the ring, for each socket the same', async () => {
    const ring = new Ring(1_000_000, new RingBudget(1_000_000));
    const sockets = [connected(ring), connected(ring)];
    const entries = Array.from({ length: 5 }, (_, number) => entry(number));
    for (const each of entries) ring.append(each);
    for (const { wake } of sockets) wake();
    await turn();
    for (const { wire } of sockets) {
      expect(wire.calls).toHaveLength(1);
      const shared = wire.calls[0]?.filter((chunk) => entries.some((each) => isOf(chunk, each)));
      expect(shared).toHaveLength(5);
    }
  });

  test('leaves in the ring what its socket does not take, and copies nothing for it', async () => {
    const ring = new Ring(10_000_000, new RingBudget(10_000_000));
    const { wire, wake, closed } = connected(ring);
    wire.stalls = true;
    const entries = Array.from({ length: 200 }, (_, number) => entry(number));
    for (const each of entries) {
      ring.append(each);
      wake();
      await turn();
    }
    // No more than the socket's own buffer and one event.
    expect(wire.writableLength).toBeLessThan(16 * 1024 + 2_000);
    const before = wire.calls.flat().filter((chunk) => entries.some((each) => isOf(chunk, each))).length;
    expect(before).toBeLessThan(20);
    wire.readOn();
    await turn();
    const after = wire.calls.flat().filter((chunk) => entries.some((each) => isOf(chunk, each)));
    expect(after).toHaveLength(200);
    expect(closed).toEqual([]);
  });

  test('writes nothing of an operation that has been taken off, whoever wakes it late', async () => {
    const ring = new Ring(1_000_000, new RingBudget(1_000_000));
    const { wire, writer, wake } = connected(ring);
    writer.detach('1');
    ring.append(entry(1));
    wake();
    await turn();
    expect(wire.calls).toEqual([]);
  });
});
