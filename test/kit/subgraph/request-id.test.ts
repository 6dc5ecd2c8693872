import { pino } from 'pino';
import { expect, test } from 'vitest';
import { uniqueTopic } from '../../support/kafka.ts';
import { runSubgraph } from './running.ts';

test('a request keeps its id or gets one; an error that no client sees is logged under it', async () => {
  const lines: Record<string, unknown>[] = [];
  const { url } = await runSubgraph({
    sdl: `type Gate @topic(name: "${uniqueTopic('gates')}", key: "id", cleanup: COMPACT, partitions: 1) { id: ID! }
type Query { gate(id: ID): Gate @view broken: Int }`,
    resolvers: {
      Query: {
        broken: async () => {
          await Promise.resolve();
          throw new Error('sesame');
        },
      },
    },
    log: pino({}, { write: (line) => void lines.push(JSON.parse(line)) }),
  });
  const ask = (headers: Record<string, string>): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query: '{ broken }' }),
    });
  const answers = await Promise.all([ask({ 'x-request-id': 'from-gateway' }), ask({})]);
  const [given, made] = answers.map(({ headers }) => headers.get('x-request-id'));
  expect(given).toBe('from-gateway');
  expect(made).toMatch(/^[\da-f-]{36}$/);
  const texts = await Promise.all(answers.map((answer) => answer.text()));
  expect(texts.join()).not.toContain('sesame');
  const errors = lines.filter(({ level }) => level === 50);
  expect(errors.map(({ requestId }) => requestId).toSorted()).toEqual([given, made].toSorted());
  for (const { requestId, errorId } of errors)
    expect(texts[requestId === given ? 0 : 1]).toContain(String(errorId));
});
