import { randomInt } from 'node:crypto';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { type RunningGateway, startGateway } from '../../../gateway/index.ts';
import { decodeCursor, encodeCursor } from '../../../schema/cursor/index.ts';
import { compose } from '../../../schema/index.ts';
import { runSubgraph } from '../../kit/subgraph/running.ts';
import { produce, uniqueTopic } from '../../support/kafka.ts';
import { RawClient } from '../support/raw-client.ts';

/** A thousand websockets, a gateway and a subgraph share one process and its cores with others. */
const timeout = 300_000;

/** As many as a gateway has when it is killed. */
const storm = 1_000;
const recordsBefore = 1_000;
const keys = 40;

const sdl = (topic: string) => `
type Reading @topic(name: "${topic}.events", key: "id", cleanup: DELETE, partitions: 3) { id: ID! value: Int! }
type Sensor @key(fields: "id") @topic(name: "${topic}.rows", key: "id", cleanup: COMPACT, partitions: 3) {
  id: ID!
  value: Int!
}
type SensorChange @change(of: "Sensor") { kind: ChangeKind! key: ID sensor: Sensor }
type Query { sensor(id: ID!): Sensor @view }
type Subscription {
  readings(from: Cursor): Reading! @consume
  sensors(from: Cursor): SensorChange! @consume(snapshot: true)
}`;

interface Event {
  readonly at: readonly [number, number] | null;
  readonly cursor: string;
  readonly data: {
    readonly readings?: { readonly id: string; readonly value: number };
    readonly sensors?: { readonly kind: string; readonly key: string | null };
  };
}

/** A websocket that costs as little as one can, with one subscription. */
class StormClient {
  readonly #client: RawClient;

  constructor(url: string) {
    this.#client = new RawClient(url.replace('http', 'ws'));
  }

  async subscribe(query: string, cursor: string): Promise<this> {
    await this.#client.initialised();
    const payload = { query, extensions: { tributary: { cursor } } };
    this.#client.send({ type: 'subscribe', id: '1', payload });
    return this;
  }

  /** Resolves with all events as soon as the condition holds for the latest of them. */
  async until(condition: (count: number, latest: Event) => boolean): Promise<readonly Event[]> {
    const events: Event[] = [];
    let read = 0;
    let met = false;
    await this.#client.changed.until(() => {
      for (const { type, payload } of this.#client.messages.slice(read)) {
        if (type !== 'next') continue;
        const event = eventOf(payload);
        events.push(event);
        met ||= condition(events.length, event);
      }
      read = this.#client.messages.length;
      return met || this.#client.closed !== null;
    });
    if (!met) throw new Error(`closed: ${JSON.stringify(this.#client.closed)}`);
    return events;
  }

  close(): void {
    this.#client.websocket.terminate();
  }
}

/** A subgraph on Kafka whose topics have a past, and gateways that know nothing of it. */
const start = async (): Promise<{ gateway(): Promise<RunningGateway>; topic: string }> => {
  const topic = uniqueTopic('storm');
  const text = sdl(topic);
  const { url } = await runSubgraph({ sdl: text });
  const sources = [{ file: 'storm.graphql', text }];
  const { supergraphSdl } = compose([{ name: 'storm', url, sources }]);
  const gateway = async (): Promise<RunningGateway> => {
    const running = await startGateway({ port: 0, supergraphSdl, log: pino({ level: 'silent' }) });
    onTestFinished(() => running.stop());
    return running;
  };
  return { gateway, topic };
};

const records = (count: number) =>
  Array.from({ length: count }, (_, value) => {
    const id = `k${value % keys}`;
    return { key: id, value: JSON.stringify({ id, value }) };
  });

/** Cursors as the clients of a gateway had them when it was killed, each a little way back. */
const cursorsOf = (events: readonly Event[], near: number): string[] =>
  Array.from({ length: storm }, () => events[events.length - 1 - randomInt(near)]?.cursor ?? '');

const report = (what: string, gateway: RunningGateway, began: number): void => {
  const { catchUpsOpened, catchUpsShared, ringJoins } = gateway.counters;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(
    `${what}: ${storm} clients caught up after ${seconds} s by ${catchUpsOpened} catch-ups, ${catchUpsShared} shared, ${ringJoins} from the ring`,
  );
};

/** So many are on their way at a time: listening sockets have a queue, and a thousand at once are more than it takes. */
const onTheirWay = 100;

const connectAll = async (url: string, query: string, cursors: readonly string[]): Promise<StormClient[]> => {
  const clients: StormClient[] = [];
  onTestFinished(() => {
    for (const client of clients) client.close();
  });
  const waiting = cursors.entries();
  const connect = async (): Promise<void> => {
    for (const [index, cursor] of waiting) {
      const client = new StormClient(url);
      clients[index] = client;
      await client.subscribe(query, cursor);
    }
  };
  await Promise.all(Array.from({ length: onTheirWay }, connect));
  return clients;
};

test(
  'S13 S22 a gateway is killed and 1,000 clients of an event stream come back: a handful of upstreams, nothing lost, nothing twice',
  async () => {
    const { gateway, topic } = await start();
    await produce(`${topic}.events`, records(recordsBefore));
    const before = await gateway();
    const query = 'subscription { readings { id value } }';
    const origin = encodeCursor({
      ...decodeCursor(await firstCursor(before, query)),
      position: [0, 0, 0],
    });
    const reader = await new StormClient(before.url).subscribe(query, origin);
    const seen = await reader.until((count) => count === recordsBefore);
    reader.close();
    const after = await gateway();
    const cursors = cursorsOf(seen, 200);
    const began = performance.now();
    const clients = await connectAll(after.url, query, cursors);
    await produce(`${topic}.events`, records(10));
    const expected = cursors.map((cursor) => {
      const { position } = decodeCursor(cursor);
      return seen.filter(({ at }) => at !== null && at[1] >= (position[at[0]] ?? 0)).length + 10;
    });
    const received = await Promise.all(
      clients.map((client, index) => client.until((count) => count >= (expected[index] ?? 0))),
    );
    report('events', after, began);
    for (const [index, events] of received.entries()) {
      expect(events.length).toBe(expected[index]);
      expect(new Set(events.map(({ at }) => String(at))).size).toBe(events.length);
      for (const partition of [0, 1, 2]) {
        const offsets = events.flatMap(({ at }) => (at?.[0] === partition ? [at[1]] : []));
        expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
        const next = decodeCursor(cursors[index] ?? '').position[partition] ?? 0;
        if (offsets.length > 0) expect(offsets[0]).toBe(next);
      }
    }
    expect(after.counters.catchUpsOpened).toBeLessThan(30);
  },
  timeout,
);

test(
  'S1 S4 S13 the same with a change stream: no key goes back, and the end state is the topic folded by key',
  async () => {
    const { gateway, topic } = await start();
    await produce(`${topic}.rows`, records(recordsBefore));
    const before = await gateway();
    const query = 'subscription { sensors { kind key } }';
    const first = await new RawClient(before.url.replace('http', 'ws')).initialised();
    first.send({ type: 'subscribe', id: '1', payload: { query } });
    onTestFinished(() => first.websocket.terminate());
    const upToDate = () => first.messages.findIndex(({ payload }) => kindOf(payload) === 'UP_TO_DATE');
    await first.changed.until(() => upToDate() !== -1);
    // What clients have seen of what came then, each up to another place.
    await produce(`${topic}.rows`, records(300));
    // Before it, cursors are of an unfinished snapshot, which only the same cursor shares (S12).
    const live = () => first.messages.slice(upToDate()).filter(({ payload }) => kindOf(payload) === 'UPSERT');
    // By its position, not by its events: states between may be merged.
    await first.changed.until(() => {
      const last = live().at(-1);
      if (last === undefined) return false;
      const { position } = decodeCursor(eventOf(last.payload).cursor);
      return position.reduce((sum, next) => sum + next, 0) === recordsBefore + 300;
    });
    const seen = live().map(({ payload }) => eventOf(payload));
    const after = await gateway();
    const cursors = Array.from({ length: storm }, () => seen[randomInt(seen.length)]?.cursor ?? '');
    const began = performance.now();
    const clients = await connectAll(after.url, query, cursors);
    const written = await produce(`${topic}.rows`, [
      { key: 'last', value: JSON.stringify({ id: 'last', value: 1 }) },
    ]);
    const place = `${written[0]?.partition},${written[0]?.baseOffset}`;
    const received = await Promise.all(
      clients.map((client) => client.until((_count, { at }) => String(at) === place)),
    );
    report('changes', after, began);
    const latest = new Map(seen.map(({ at, data }) => [data.sensors?.key ?? '', String(at)]));
    for (const [index, events] of received.entries()) {
      const { position } = decodeCursor(cursors[index] ?? '');
      const last = new Map<string, number>();
      const state = new Map<string, string>();
      for (const { at, data } of seen) {
        if (at !== null && at[1] < (position[at[0]] ?? 0)) state.set(data.sensors?.key ?? '', String(at));
      }
      for (const { at, data } of events) {
        const { kind, key } = data.sensors ?? { kind: '', key: null };
        expect(['UPSERT', 'UP_TO_DATE']).toContain(kind);
        if (at === null || key === null) continue;
        expect(at[1]).toBeGreaterThan(last.get(key) ?? -1);
        last.set(key, at[1]);
        if (key !== 'last') state.set(key, String(at));
      }
      for (const [key, at] of latest) expect(state.get(key)).toBe(at);
    }
    expect(after.counters.catchUpsOpened).toBeLessThan(30);
  },
  timeout,
);

const kindOf = (payload: unknown): string | undefined =>
  (payload as { data?: Event['data'] } | undefined)?.data?.sensors?.kind;

const eventOf = (payload: unknown): Event => {
  const { data, extensions } = payload as {
    data: Event['data'];
    extensions: { tributary: Pick<Event, 'at' | 'cursor'> };
  };
  return { data, ...extensions.tributary };
};

/** Where a stream stands, from the ping that says where it begins. */
const firstCursor = async (gateway: RunningGateway, query: string): Promise<string> => {
  const client = await new RawClient(gateway.url.replace('http', 'ws')).initialised();
  client.send({ type: 'subscribe', id: '1', payload: { query } });
  const { payload } = await client.message(({ type }) => type === 'ping');
  client.websocket.terminate();
  return (payload as { cursors: Record<string, string> }).cursors['1'] ?? '';
};
