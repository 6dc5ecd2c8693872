import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { type RunningGateway, startGateway } from '../../../gateway/index.ts';
import { TcpProxy } from '../../gateway/support/tcp-proxy.ts';
import { uniqueTopic } from '../../support/kafka.ts';
import { post, runSubgraph, tributaryOf } from './running.ts';

const sdl = (topic: string) => `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  type Note @key(fields: "id") @topic(name: "${topic}", key: "id", cleanup: COMPACT, partitions: 3) {
    id: ID!
    text: String!
  }
  type Query { note(id: ID!): Note @view }
  type Mutation { setNote(id: ID!, text: String!): Note! @produce }`;

const read = 'query($id: ID!) { note(id: $id) { text } }';
const set = 'mutation($id: ID!, $text: String!) { setNote(id: $id, text: $text) { id } }';

const serve = async (url: string): Promise<RunningGateway> => {
  const answer = await post(url, '{ _service { sdl } }');
  const { sdl: completed } = (answer.data as { _service: { sdl: string } })._service;
  const { supergraphSdl, errors } = composeServices([{ name: 'notes', url, typeDefs: parse(completed) }]);
  if (supergraphSdl === undefined) throw new Error(String(errors));
  const gateway = await startGateway({ port: 0, log: pino({ level: 'silent' }), supergraphSdl });
  onTestFinished(() => gateway.stop());
  return gateway;
};

test('S24 through the gateway: what one replica wrote, the other one answers; a position that never comes is NOT_YET', async () => {
  const topic = uniqueTopic('notes');
  const [one, other] = [await runSubgraph({ sdl: sdl(topic) }), await runSubgraph({ sdl: sdl(topic) })];
  // Stands for the load balancer of the replicas.
  const balancer = await new TcpProxy(one.port).start();
  onTestFinished(() => balancer.stop());
  const gateway = await serve(balancer.through(one.url));
  const goTo = async (port: number): Promise<void> => {
    balancer.target = port;
    await balancer.end();
  };
  for (let round = 0; round < 20; round++) {
    await goTo(one.port);
    const written = await post(gateway.url, set, { id: `n${round % 3}`, text: `${round}` });
    expect(written.errors).toBeUndefined();
    await goTo(other.port);
    const after = tributaryOf(written).position;
    const answer = await post(gateway.url, read, { id: `n${round % 3}` }, { tributary: { after } });
    expect(answer).toMatchObject({ data: { note: { text: `${round}` } } });
  }

  const last = tributaryOf(await post(gateway.url, set, { id: 'n0', text: 'last' })).position;
  const [[topicId, [[partition, offset] = [0, 0]] = []] = ['', []]] = Object.entries(last);
  const never = { [topicId]: [[partition, offset + 1_000]] };
  const late = await post(gateway.url, read, { id: 'n0' }, { tributary: { after: never } });
  expect(late.data).toEqual({ note: null });
  expect(late.errors?.[0]).toMatchObject({ extensions: { code: 'NOT_YET', retryable: true } });
  // A topic that nobody serves keeps nobody waiting.
  const others = { AAAAAAAAAAAAAAAAAAAAAA: [[0, 1_000]] };
  const answer = await post(gateway.url, read, { id: 'n0' }, { tributary: { after: others } });
  expect(answer.data).toEqual({ note: { text: 'last' } });
});
