import { expect } from 'vitest';
import { produce } from '../../support/kafka.ts';
import type { Follower } from './running.ts';

export const gates = (topic: string): string => `
type Gate @key(fields: "id") @topic(name: "${topic}", key: "id", cleanup: COMPACT, partitions: 3) {
  id: ID!
  terminal: String! @index
  n: Int!
  note: String
}
type GateConnection { nodes: [Gate!]! pageInfo: PageInfo! }
type GateChange @change(of: "Gate") { kind: ChangeKind! key: ID gate: Gate }
type Query {
  gate(id: ID!): Gate @view
  gates(terminal: String, first: Int = 100, after: String): GateConnection! @view(orderBy: ["id"])
}
type Subscription {
  gateChanges(terminal: String, from: Cursor): GateChange! @consume(snapshot: true)
}
type Mutation { addGate(id: ID!, terminal: String!, n: Int!): Gate! @produce }`;

export const changes =
  'subscription($t: String) { gateChanges(terminal: $t) { kind key gate { terminal n } } }';
export const inA = { variables: { t: 'A' } };
export const allInA = '{ gates(terminal: "A") { nodes { id n } } }';

export interface Change {
  readonly kind: string;
  readonly key: string | null;
  readonly gate: { readonly n: number } | null;
}

export const changesOf = ({ results }: Follower): Change[] =>
  results.map(({ data }) => data?.gateChanges as Change).filter(({ kind }) => !/RESET|UP_TO/.test(kind));

/** What a client of the stream holds: everything that was put, less what was taken away. */
export const heldBy = (follower: Follower): Map<string, number> => {
  const held = new Map<string, number>();
  for (const { kind, key, gate } of changesOf(follower)) {
    if (kind === 'DELETE' || gate === null) held.delete(key ?? '');
    else held.set(key ?? '', gate.n);
  }
  return held;
};

export const write = (
  topic: string,
  written: readonly (readonly [id: string, terminal: string | null, n: number])[],
) =>
  produce(
    topic,
    written.map(([id, terminal, n]) => ({
      key: id,
      value: terminal === null ? null : JSON.stringify({ id, terminal, n }),
    })),
  );

/** Forty gates that come, go, and change their terminal. */
export const moves = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => from + i).map((n): [string, string | null, number] => [
    `G${n % 40}`,
    n % 11 === 0 ? null : ['A', 'B'][(n * 7) % 3 === 0 ? 1 : 0]!,
    n,
  ]);

/** What is in terminal A after all moves. */
export const expectedInA = (
  written: readonly (readonly [string, string | null, number])[],
): Map<string, number> => {
  const latest = new Map(written.map((move) => [move[0], move]));
  return new Map([...latest.values()].filter(([, terminal]) => terminal === 'A').map(([id, , n]) => [id, n]));
};

export const until = async (follower: Follower, isDone: () => boolean): Promise<void> => {
  while (!isDone()) await follower.until(follower.results.length + 1);
};
export const sorted = (map: ReadonlyMap<string, number>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

/** Each change that enters, stays in or leaves the filter is told once, in order, and nothing else. */
export const expectEachChangeOnce = (
  follower: Follower,
  written: readonly (readonly [string, string | null, number])[],
): void => {
  for (const [key, told] of Map.groupBy(changesOf(follower), (change) => change.key ?? '')) {
    const kept = written.filter(([id]) => id === key);
    const expected = kept.flatMap(([, terminal], i): string[] => {
      if (terminal === 'A') return ['UPSERT'];
      return kept[i - 1]?.[1] === 'A' ? ['DELETE'] : [];
    });
    if (key !== 'end') expect(told.map(({ kind }) => kind)).toEqual(expected);
  }
};
