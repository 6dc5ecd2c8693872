import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { FrameReader } from '../../../bench/fanout/frames.ts';
import { encodeEvent, type RingEntry } from '../../../gateway/subscriptions/event.ts';
import { Ring, RingBudget } from '../../../gateway/subscriptions/ring.ts';
import { RingReader } from '../../../gateway/subscriptions/ring-reader.ts';
import type { Due } from '../../../gateway/subscriptions/subscriber.ts';
import { SocketWriter } from '../../../gateway/transports/writer.ts';

const entry = (number: number, length = 1_000): RingEntry =>
  encodeEvent({ data: { number, text: 'x'.repeat(length) } }, { at: [0, number], cursor: 'c', gap: false });

/** A socket: what it is given by each system call, and reads when it has taken it, as a kernel does. */
class Wire extends Writable {
  readonly calls: Buffer[][] = [];
  /** What came through, in order. */
  sent = Buffer.alloc(0);
  /** In order, as libuv keeps them: what is given while a write is under way waits behind it. */
  readonly #waiting: { readonly chunks: readonly Buffer[]; readonly taken: (error?: Error) => void }[] = [];
  stalls = false;

  constructor() {
    super({ highWaterMark: 16 * 1024 });
  }

  override _write(chunk: Buffer, _encoding: string, taken: (error?: Error) => void): void {
    this._writev([{ chunk }], taken);
  }

  override _writev(chunks: { chunk: Buffer }[], taken: (error?: Error) => void): void {
    const buffers = chunks.map(({ chunk }) => chunk);
    this.calls.push(buffers);
    this.#waiting.push({ chunks: buffers, taken });
    if (!this.stalls) this.#take();
  }

  /** Takes what it was given, and goes on. */
  readOn(): void {
    this.stalls = false;
    this.#take();
  }

  /** The connection is gone before it has taken what it was given. */
  fail(error: Error): void {
    for (const { taken } of this.#waiting.splice(0)) taken(error);
  }

  /** The messages that came through. */
  get messages(): Record<string, never>[] {
    const texts: string[] = [];
    new FrameReader((_opcode, bytes, start, end) => texts.push(bytes.toString('utf8', start, end))).read(
      this.sent,
    );
    return texts.map((text) => JSON.parse(text));
  }

  #take(): void {
    for (let waiting = this.#waiting.shift(); waiting !== undefined; waiting = this.#waiting.shift()) {
      this.sent = Buffer.concat([this.sent, ...waiting.chunks]);
      waiting.taken();
    }
  }
}

interface Given {
  readonly id?: string;
  readonly progress?: string;
  readonly pull?: () => Due | null;
}

const connected = (ring: Ring, { id = '1', progress, pull }: Given = {}) => {
  const wire = new Wire();
  const closed: string[] = [];
  const closeSlow = (reason: string): void => {
    writer.stop();
    wire.write('CLOSE');
    closed.push(reason);
  };
  const writer: SocketWriter = new SocketWriter({
    socket: wire as never,
    websocket: { readyState: 1 },
    unsentBytes: 1_000,
    owner: { closeSlow },
  });
  const reader = new RingReader(ring, 0, null);
  let wake = (): void => {};
  writer.attach(id, (outlet) => {
    wake = () => outlet.wake();
    const pullRing = (): Due | null => {
      const due = reader.next();
      return due === null ? (pull?.() ?? null) : due;
    };
    return {
      closing: null,
      pull: pullRing,
      takeStart: () => null,
      takeProgress: () => progress ?? null,
      losesNothing: false,
      stop: () => undefined,
    };
  });
  return { wire, writer, wake: () => wake(), closed };
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

const isOf = (chunk: Buffer, { bytes }: RingEntry): boolean =>
  chunk.buffer === bytes.buffer && chunk.byteOffset === bytes.byteOffset && chunk.length === bytes.length;

const message = (id: string, { bytes }: RingEntry): unknown =>
  JSON.parse(`{"id":"${id}","type":"next","payload":${bytes.toString()}`);

const newRing = (): Ring => new Ring(10_000_000, new RingBudget(10_000_000));

describe('S20 the writer of a socket', () => {
  test('takes all that is due in one write of one buffer, each client with its own id', async () => {
    const ring = newRing();
    const ids = ['1', 'a-longer-id'];
    const sockets = ids.map((id) => connected(ring, { id }));
    const entries = Array.from({ length: 5 }, (_, number) => entry(number));
    for (const each of entries) ring.append(each);
    for (const { wake } of sockets) wake();
    await turn();
    for (const [index, { wire }] of sockets.entries()) {
      expect(wire.calls.map((chunks) => chunks.length)).toEqual([1]);
      expect(wire.messages).toEqual(entries.map((each) => message(ids[index] ?? '', each)));
    }
  });

  test.each([100, 1_000, 7_000, 70_000])(
    'sends events of %i bytes whole and in order, whether its sockets take them at once or not',
    async (length) => {
      const ring = newRing();
      const sockets = ['1', '2', '3', '4'].map((id) => ({ id, ...connected(ring, { id }) }));
      const entries: RingEntry[] = [];
      for (let round = 0; round < 12; round++) {
        for (const [index, { wire }] of sockets.entries()) wire.stalls = (round + index) % 3 === 0;
        for (let number = 0; number < 5; number++) {
          const each = entry(entries.length, number === 2 ? 10 : length);
          entries.push(each);
          ring.append(each);
        }
        for (const { wake } of sockets) wake();
        await turn();
        for (const { wire } of sockets) if (round % 2 === 1) wire.readOn();
        await turn();
      }
      for (const { wire } of sockets) wire.readOn();
      await turn();
      for (const { id, wire } of sockets) {
        expect(wire.messages).toEqual(entries.map((each) => message(id, each)));
      }
    },
  );

  test('hands on the bytes of the ring where an event is large', async () => {
    const ring = newRing();
    const { wire, wake } = connected(ring);
    const large = entry(0, 20_000);
    ring.append(large);
    wake();
    await turn();
    expect(wire.calls.flat().some((chunk) => isOf(chunk, large))).toBe(true);
  });

  test('sends what is due before the close that follows it', async () => {
    const ring = newRing();
    const entries = [entry(0), entry(1)];
    for (const each of entries) ring.append(each);
    const { wire, wake, closed } = connected(ring, { pull: () => ({ kind: 'CLOSE', reason: 'SLOW' }) });
    wake();
    await turn();
    expect(closed).toEqual(['SLOW']);
    expect(wire.sent.toString().endsWith('}CLOSE')).toBe(true);
    expect(wire.messages).toHaveLength(2);
  });

  test('tells a client its own progress, at once, and nobody else', async () => {
    const ring = newRing();
    const told = connected(newRing(), { id: 'told', progress: 'its-cursor' });
    const other = connected(ring, { id: 'other' });
    await turn();
    told.writer.progress();
    const ping = { type: 'ping', payload: { cursors: { told: 'its-cursor' } } };
    expect(told.wire.messages).toEqual([ping]);
    ring.append(entry(0));
    other.wake();
    await turn();
    expect(other.wire.messages).toEqual([message('other', entry(0))]);
    expect(told.wire.messages).toEqual([ping]);
  });

  test('gives nothing of a client to the next one, when a source throws', async () => {
    const ring = newRing();
    const others = newRing();
    others.append(entry(7));
    const bad = connected(others, {
      pull: () => {
        throw new Error('a fault');
      },
    });
    const good = connected(ring);
    ring.append(entry(0));
    good.wake();
    expect(() => bad.writer.flush()).toThrow('a fault');
    bad.writer.stop();
    await turn();
    expect(bad.wire.messages).toEqual([]);
    expect(good.wire.messages).toEqual([message('1', entry(0))]);
  });

  test('leaves in the ring what its socket does not take, and copies but what it was in the middle of', async () => {
    const ring = newRing();
    const { wire, wake, closed } = connected(ring);
    wire.stalls = true;
    const entries = Array.from({ length: 200 }, (_, number) => entry(number));
    for (const each of entries) {
      ring.append(each);
      wake();
      await turn();
    }
    expect(wire.writableLength).toBe(0);
    expect(wire.calls.flat().reduce((sum, chunk) => sum + chunk.length, 0)).toBeLessThan(2_000);
    wire.readOn();
    await turn();
    expect(wire.messages).toEqual(entries.map((each) => message('1', each)));
    expect(closed).toEqual([]);
  });

  test('what others write to the socket comes behind what it was in the middle of', async () => {
    const ring = newRing();
    const { wire, writer, wake } = connected(ring);
    wire.stalls = true;
    ring.append(entry(0));
    wake();
    await turn();
    const others = Buffer.from([0x81, 2, 0x7b, 0x7d]);
    wire.write(others.subarray(0, 2));
    wire.write(others.subarray(2));
    writer.message('{"type":"pong"}');
    ring.append(entry(1));
    wake();
    await turn();
    wire.readOn();
    await turn();
    expect(wire.messages).toEqual([message('1', entry(0)), {}, { type: 'pong' }, message('1', entry(1))]);
  });

  test('a socket that fails in the middle of a write is destroyed, and nothing more is written', async () => {
    const ring = newRing();
    const { wire, wake } = connected(ring);
    wire.on('error', () => {});
    wire.stalls = true;
    ring.append(entry(0));
    wake();
    await turn();
    ring.append(entry(1));
    wire.fail(new Error('ECONNRESET'));
    wake();
    await turn();
    expect(wire.destroyed).toBe(true);
    expect(wire.calls.length).toBe(1);
  });

  test('writes nothing of an operation that has been taken off, whoever wakes it late', async () => {
    const ring = newRing();
    const { wire, writer, wake } = connected(ring);
    writer.detach('1');
    ring.append(entry(1));
    wake();
    await turn();
    expect(wire.calls).toEqual([]);
  });
});
