import { describe, expect, test } from 'vitest';
import { uniqueTopic } from '../../support/kafka.ts';
import { post, runSubgraph, tributaryOf } from './running.ts';

const sdl = (topic: string) => `
  type Note @key(fields: "id") @topic(name: "${topic}", key: "id", cleanup: COMPACT, partitions: 2) {
    id: ID!
    text: String!
  }
  type Query { note(id: ID!): Note @view }
  type Mutation {
    addNote(text: String!, idempotencyKey: ID): Note! @produce
    setNote(id: ID!, text: String!, idempotencyKey: ID, ifPosition: [Float!]): Note! @produce
  }`;

const add = 'mutation($text: String!, $key: ID) { addNote(text: $text, idempotencyKey: $key) { id text } }';
const set =
  'mutation($text: String!, $key: ID, $at: [Float!]) { setNote(id: "a", text: $text, idempotencyKey: $key, ifPosition: $at) { text } }';

const placeOf = (result: Parameters<typeof tributaryOf>[0]): readonly [number, number] => {
  const [place] = Object.values(tributaryOf(result).position).flat();
  if (place === undefined) throw new Error('no position');
  return place;
};

describe('S25 a mutation without code', () => {
  test('S25 idempotencyKey: a retry gets the first result, the key that was made for it too; other arguments are another request', async () => {
    const topic = uniqueTopic('notes');
    const [one, other] = [await runSubgraph({ sdl: sdl(topic) }), await runSubgraph({ sdl: sdl(topic) })];
    const first = await post(one.url, add, { text: 'x', key: 'k' });
    expect(first.errors).toBeUndefined();
    expect(await post(one.url, add, { text: 'x', key: 'k' })).toEqual(first);
    expect(await post(other.url, add, { text: 'x', key: 'k' })).toEqual(first);
    const different = await post(one.url, add, { text: 'y', key: 'k' });
    expect(placeOf(different)).not.toEqual(placeOf(first));
    expect(different.data).toMatchObject({ addNote: { text: 'y' } });

    const written = await post(one.url, set, { text: 'x', key: 'k' });
    await post(one.url, set, { text: 'later' });
    expect(await post(one.url, set, { text: 'x', key: 'k' })).toEqual(written);
    const after = tributaryOf(written).position;
    const query = await post(one.url, '{ note(id: "a") { text } }', {}, { tributary: { after } });
    expect(query.data).toEqual({ note: { text: 'later' } });
  });

  test('S25 ifPosition: CONFLICT where another record is the latest', async () => {
    const { url } = await runSubgraph({ sdl: sdl(uniqueTopic('notes')) });
    const at = placeOf(await post(url, set, { text: 'first' }));
    const second = await post(url, set, { text: 'second', at });
    expect(second.data).toEqual({ setNote: { text: 'second' } });
    const late = await post(url, set, { text: 'third', at });
    expect(late.errors?.[0]).toMatchObject({ extensions: { code: 'CONFLICT' } });
    expect((await post(url, set, { text: 'third', at: placeOf(second) })).errors).toBeUndefined();
    const nonsense = await post(url, set, { text: 'x', at: [1] });
    expect(nonsense.errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
  });
});
