import { describe, expect, test } from 'vitest';
import type { ChangeKind, ClientDeclaration, Delivery } from './format.ts';
import { ClientJudge } from './judge.ts';
import type { TopicContent, TopicRecord } from './topic.ts';

/** Two keys in two partitions; each record of partition 0 is `A`, of partition 1 `B`. */
const content = (topic: string, branches: readonly (readonly (string | null)[])[]): TopicContent => ({
  topic,
  partitions: branches.map((records, partition) =>
    records.map(
      (branch, offset): TopicRecord => ({
        partition,
        offset,
        key: 'AB'[partition] ?? '',
        value: branch === null ? null : { branch, seq: offset + 1 },
        writtenAt: 1_000 + offset,
      }),
    ),
  ),
});

const declaration = (stream: 'EVENTS' | 'CHANGES', given: Partial<ClientDeclaration> = {}) => ({
  client: 'ws-1',
  transport: 'ws' as const,
  operation: 'entries',
  topic: 'entries',
  stream,
  where: {},
  from: [],
  slow: false,
  ...given,
});

const delivery = (partition: number, offset: number, given: Partial<Delivery> = {}): Delivery => ({
  client: 'ws-1',
  transport: 'ws',
  operation: 'entries',
  topic: 'entries',
  partition,
  offset,
  key: 'AB'[partition] ?? '',
  seq: offset + 1,
  receivedAt: 2_000 + offset,
  ...given,
});

const judged = (
  asked: ClientDeclaration,
  topic: TopicContent,
  deliveries: readonly Delivery[],
): ReturnType<ClientJudge['verdict']>['faults'] & { complete: boolean } => {
  const judge = new ClientJudge(asked, topic);
  for (const each of deliveries) judge.take(each);
  return { ...judge.verdict().faults, complete: judge.complete };
};

const good = { lost: 0, twice: 0, disordered: 0, wrong: 0, behind: 0, complete: true };

describe('event streams', () => {
  const topic = content('entries', [
    ['X', 'Y', 'X'],
    ['X', 'X'],
  ]);
  const all = [delivery(0, 0), delivery(1, 0), delivery(0, 1), delivery(1, 1), delivery(0, 2)];
  const events = declaration('EVENTS');

  test('each record once, partitions in any order among each other', () => {
    expect(judged(events, topic, all)).toEqual(good);
  });

  test('a hole is lost', () => {
    const holed = all.filter(({ partition, offset }) => partition !== 0 || offset !== 1);
    expect(judged(events, topic, holed)).toEqual({ ...good, lost: 1, complete: false });
  });

  test('a missing end is behind', () => {
    expect(judged(events, topic, all.slice(0, 4))).toEqual({ ...good, behind: 1, complete: false });
  });

  test('nothing at all is behind', () => {
    expect(judged(events, topic, [])).toEqual({ ...good, behind: 5, complete: false });
  });

  test('a double is twice, also at once behind the first', () => {
    expect(judged(events, topic, [...all, delivery(0, 0), delivery(0, 2)])).toEqual({ ...good, twice: 2 });
  });

  test('a partition that goes back is disordered', () => {
    const swapped = [delivery(0, 1), delivery(0, 0), delivery(0, 2), delivery(1, 0), delivery(1, 1)];
    expect(judged(events, topic, swapped)).toEqual({ ...good, disordered: 1 });
  });

  test('a record of another key, of another content, or of nowhere is wrong, and stands for none', () => {
    const wrong = [delivery(0, 0, { key: 'B' }), delivery(0, 0, { seq: 7 }), delivery(0, 9), delivery(5, 0)];
    expect(judged(events, topic, [...wrong, ...all])).toEqual({ ...good, wrong: 4 });
    expect(judged(events, topic, [delivery(0, 0, { key: 'B' }), ...all.slice(1)])).toMatchObject({
      wrong: 1,
      lost: 1,
    });
  });

  test('what the filter excludes is not missed, and wrong when it comes', () => {
    const filtered = declaration('EVENTS', { where: { branch: ['X'] } });
    const matching = all.filter(({ partition, offset }) => partition !== 0 || offset !== 1);
    expect(judged(filtered, topic, matching)).toEqual(good);
    expect(judged(filtered, topic, all)).toEqual({ ...good, wrong: 1 });
  });

  test('what was before the begin is not missed, and wrong when it comes; a partition added later counts from 0', () => {
    const later = declaration('EVENTS', { from: [2] });
    expect(judged(later, topic, [delivery(0, 2), delivery(1, 0), delivery(1, 1)])).toEqual(good);
    expect(judged(later, topic, all)).toEqual({ ...good, wrong: 2 });
    expect(judged(later, topic, [delivery(0, 2), delivery(1, 1)])).toEqual({
      ...good,
      lost: 1,
      complete: false,
    });
  });
});

describe('change streams', () => {
  const change = (kind: ChangeKind, partition: number, offset: number): Delivery =>
    delivery(partition, offset, { kind, ...(kind === 'DELETE' ? { seq: null } : {}) });
  const sign = (kind: 'RESET' | 'UP_TO_DATE'): Delivery =>
    delivery(0, 0, { kind, partition: null, offset: null, key: null, seq: null });
  const topic = content('accounts', [
    ['X', 'Y', 'X'],
    ['X', 'X', null],
  ]);
  const changes = declaration('CHANGES');
  const snapshot = [change('SNAPSHOT', 0, 0), change('SNAPSHOT', 1, 0), sign('UP_TO_DATE')];
  const rest = [change('UPSERT', 0, 2), change('DELETE', 1, 2)];

  test('a snapshot and what follows, merged states left out', () => {
    expect(judged(changes, topic, [...snapshot, ...rest])).toEqual(good);
  });

  test('an end state that is stale is behind', () => {
    const stale = [...snapshot, change('UPSERT', 0, 1), change('DELETE', 1, 2)];
    expect(judged(changes, topic, stale)).toEqual({ ...good, behind: 1, complete: false });
  });

  test('a row that should be gone is behind, and so is one that never came', () => {
    expect(judged(changes, topic, [...snapshot, change('UPSERT', 0, 2)])).toMatchObject({ behind: 1 });
    expect(judged(changes, topic, [sign('UP_TO_DATE')])).toMatchObject({ behind: 1, complete: false });
  });

  test('a snapshot that does not end is behind', () => {
    const endless = [change('SNAPSHOT', 0, 2)];
    expect(judged(changes, topic, endless)).toEqual({ ...good, behind: 1, complete: false });
    expect(judged(changes, topic, [...snapshot, ...rest, sign('RESET')])).toMatchObject({ behind: 2 });
  });

  test('a key that goes back is disordered, the same place again is twice', () => {
    const back = [...snapshot, change('UPSERT', 0, 2), change('UPSERT', 0, 1), change('UPSERT', 0, 2)];
    expect(judged(changes, topic, [...back, change('DELETE', 1, 2)])).toMatchObject({
      disordered: 1,
      twice: 1,
    });
  });

  test('RESET forgets rows and places', () => {
    expect(judged(changes, topic, [...snapshot, ...rest, sign('RESET'), ...snapshot, ...rest])).toEqual(good);
  });

  test('DELETE of a record that matches, UPSERT of one that does not, and another content are wrong', () => {
    const filtered = declaration('CHANGES', { where: { branch: ['X'] } });
    expect(judged(filtered, topic, [...snapshot, change('UPSERT', 0, 1), ...rest])).toMatchObject({
      wrong: 1,
    });
    expect(judged(filtered, topic, [...snapshot, change('DELETE', 0, 1), ...rest])).toEqual(good);
    expect(judged(changes, topic, [...snapshot, change('DELETE', 0, 1), ...rest])).toMatchObject({
      wrong: 1,
    });
    const other = { ...change('UPSERT', 0, 1), seq: 9 };
    expect(judged(changes, topic, [...snapshot, other, ...rest])).toMatchObject({ wrong: 1 });
  });
});

describe('a client', () => {
  const topic = content('entries', [['X', 'X']]);

  test('counts connections, interruptions, and gives up by an error that is not retryable', () => {
    const judge = new ClientJudge(declaration('EVENTS'), topic);
    const where = { client: 'ws-1', transport: 'ws' as const, receivedAt: 1 };
    judge.take({ ...where, connected: 1, to: 'a' });
    judge.take({ ...where, failed: 'NOT_YET: later', retryable: true });
    judge.take({ ...where, connected: 2, to: 'b' });
    judge.take({ ...where, failed: 'CURSOR_EXPIRED: gone', retryable: false });
    judge.take(delivery(0, 0, { errors: ['SUBGRAPH_TIMEOUT'] }));
    expect(judge.verdict()).toMatchObject({
      connections: 2,
      interrupted: 1,
      given: ['CURSOR_EXPIRED: gone'],
      deliveries: 1,
      errors: { SUBGRAPH_TIMEOUT: 1 },
    });
  });

  test('tells its watches of connections, and of records that came for the first time', () => {
    const told: string[] = [];
    const watch = {
      connected: (at: number) => told.push(`connected ${at}`),
      delivered: (record: TopicRecord, at: number) => told.push(`${record.offset} at ${at}`),
    };
    const judge = new ClientJudge(declaration('EVENTS'), topic, [watch]);
    judge.take({ client: 'ws-1', transport: 'ws', connected: 1, to: 'a', receivedAt: 1_000 });
    for (const each of [delivery(0, 0), delivery(0, 0), delivery(0, 7), delivery(0, 1)]) judge.take(each);
    expect(told).toEqual(['connected 1000', '0 at 2000', '1 at 2001']);
  });
});
