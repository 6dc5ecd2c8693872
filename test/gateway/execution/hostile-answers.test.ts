import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningGateway, startGateway } from '../../../gateway/index.ts';

type Answers = Readonly<Record<string, string | Buffer>>;

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n';
const sdls = {
  items: `
    scalar Any
    type Query { any: Any text: String list: [Int] item: Item items: [Item] }
    type Item @key(fields: "id any") { id: ID! any: Any name: String }`,
  prices: 'scalar Any type Item @key(fields: "id any") { id: ID! any: Any price: Int more: Any }',
};
let answers: Answers = {};
let gateway: RunningGateway;
const closing: (() => Promise<unknown>)[] = [];

const serve = async (name: string): Promise<string> => {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end(answers[name] ?? ''));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
};

beforeAll(async () => {
  const services = await Promise.all(
    Object.entries(sdls).map(async ([name, sdl]) => ({
      name,
      typeDefs: parse(link + sdl),
      url: await serve(name),
    })),
  );
  const { supergraphSdl = '' } = composeServices(services);
  gateway = await startGateway({ port: 0, supergraphSdl, log: pino({ level: 'silent' }) });
});
afterAll(async () => {
  await gateway.stop();
  for (const close of closing) await close();
});

/** Twice: a document that is known goes another way. Both must be alike. */
const ask = async (query: string, given: Answers): Promise<{ status: number; body: unknown }> => {
  answers = given;
  const once = async () => {
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    return { status: response.status, body: await response.json() };
  };
  const first = await once();
  expect(await once()).toEqual(first);
  return first;
};

const data = (value: string): string => `{"data":${value}}`;
const lists = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const objects = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const item = (any: string): string => `{"__typename":"Item","id":"1","any":${any}}`;
const price = data('{"_entities":[{"price":1}]}');

describe('an answer that is nested too deep is an error of its subgraph', () => {
  test.each<[string, string, Answers, string]>([
    ['a scalar, 501 lists', '{ any }', { items: data(`{"any":${lists(499)}}`) }, 'items'],
    ['a scalar, 100,000 lists', '{ any }', { items: data(`{"any":${lists(100_000)}}`) }, 'items'],
    ['a scalar, 100,000 objects', '{ any }', { items: data(`{"any":${objects(100_000)}}`) }, 'items'],
    ['where a text belongs', '{ text }', { items: data(`{"text":${lists(100_000)}}`) }, 'items'],
    ['what nobody asked for', '{ text }', { items: data(`{"text":"a","b":${lists(100_000)}}`) }, 'items'],
    [
      'errors',
      '{ text }',
      { items: `{"errors":[{"message":"no","extensions":${objects(100_000)}}]}` },
      'items',
    ],
    [
      'a position',
      '{ text }',
      { items: `{"data":{"text":"a"},"extensions":{"tributary":{"position":${objects(100_000)}}}}` },
      'items',
    ],
    [
      'a key',
      '{ item { price } }',
      { items: data(`{"item":${item(lists(100_000))}}`), prices: price },
      'items',
    ],
    [
      'what is joined',
      '{ item { more } }',
      {
        items: data(`{"item":${item('1')}}`),
        prices: data(`{"_entities":[{"more":${objects(100_000)}}]}`),
      },
      'prices',
    ],
    ['all of it', '{ text }', { items: lists(1_000_000) }, 'items'],
  ])('%s', async (_, query, given, subgraph) => {
    const { status, body } = await ask(query, given);
    expect(status).toBe(200);
    const message = `Subgraph "${subgraph}" answered with more than 500 objects or lists within each other.`;
    expect(body).toMatchObject({ errors: [{ message, extensions: { code: 'SUBGRAPH_FAILED', subgraph } }] });
  });

  test('one that is nested as deep as may be is answered, whatever brackets its texts have', async () => {
    const any = `[${lists(497)},"${'[{'.repeat(5000)}\\"${'['.repeat(5000)}\\\\"]`;
    expect(await ask('{ any }', { items: data(`{"any":${any}}`) })).toEqual({
      status: 200,
      body: { data: { any: JSON.parse(any) } },
    });
  });
});

describe('an answer that has what it should not', () => {
  const bytes = (before: string, wrong: readonly number[], after: string): Buffer =>
    Buffer.concat([Buffer.from(before), Buffer.from(wrong), Buffer.from(after)]);
  test.each<[string, string, Answers, unknown]>([
    [
      'no UTF-8 in a text',
      '{ text }',
      { items: bytes('{"data":{"text":"', [0xff], '"}}') },
      { text: '\ufffd' },
    ],
    ['no UTF-8 in a key', '{ text }', { items: bytes('{"data":{"te', [0xff], 'xt":"a"}}') }, { text: null }],
    ['an escape in a key', '{ text }', { items: '{"data":{"te\\u0078t":"a"}}' }, { text: 'a' }],
    ['a key twice', '{ text }', { items: '{"data":{"text":"a","text":"b"}}' }, { text: 'b' }],
    ['__proto__ for data', '{ text }', { items: '{"data":{"__proto__":{"text":"a"}}}' }, { text: null }],
    [
      '__proto__ for a type',
      '{ item { id price } }',
      { items: data('{"item":{"__typename":"__proto__","id":"1","any":1}}') },
      { item: { id: '1', price: null } },
    ],
  ])('%s', async (_, query, given, expected) => {
    expect(await ask(query, given)).toMatchObject({ status: 200, body: { data: expected } });
  });

  test('an escape in a key that is none is an error of its subgraph', async () => {
    const { body } = await ask('{ text }', { items: '{"data":{"te\\xt":"a"}}' });
    expect(body).toMatchObject({
      data: { text: null },
      errors: [{ extensions: { code: 'SUBGRAPH_FAILED' } }],
    });
  });

  test('keys of a scalar stay what they are', async () => {
    const any = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
    const { body } = await ask('{ any }', { items: data(`{"any":${any}}`) });
    expect(JSON.stringify(body)).toBe(`{"data":{"any":${any}}}`);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  test('lists and objects beyond the tape are answered on values', async () => {
    const many = Array.from({ length: 100_000 }, () => item('1'));
    const given = { items: data(`{"items":[${many.join()}]}`), prices: price };
    const { body } = await ask('{ items { id price } }', given);
    expect(body).toEqual({ data: { items: many.map(() => ({ id: '1', price: 1 })) } });
  });
});
