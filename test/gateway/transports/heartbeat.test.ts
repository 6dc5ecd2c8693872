import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { defaultLimits } from '../../../gateway/limits.ts';
import { Client } from '../../../gateway/transports/websocket/client.ts';

/** A websocket without a wire. */
class Asked {
  readonly protocol = 'graphql-transport-ws';
  readonly readyState = 1;
  readonly OPEN = 1;
  pings = 0;
  terminated = false;

  /** Its owner is the client, which the test tells. */
  tell(): void {}

  ping(): void {
    this.pings += 1;
  }

  terminate(): void {
    this.terminated = true;
  }
}

const connected = (): { readonly client: Client; readonly websocket: Asked } => {
  const websocket = new Asked();
  const context = { limits: defaultLimits, subscriptions: { newQuota: () => null } };
  const accepted = { websocket, socket: new PassThrough(), request: {} };
  const client = new Client(accepted as never, context as never, () => undefined);
  onTestFinished(() => client.gone());
  return { client, websocket };
};

test('a silent client is asked at each heartbeat, and gone when it did not answer one', () => {
  const { client, websocket } = connected();
  for (let beat = 1; beat <= 3; beat++) {
    client.beat();
    expect(websocket.pings).toBe(beat);
    client.heard();
  }
  client.beat();
  client.beat();
  expect(websocket.terminated).toBe(true);
});

test('who has sent a message since the last heartbeat is not asked, and is asked at the next one', () => {
  const { client, websocket } = connected();
  client.received('{"type":"pong"}');
  client.beat();
  expect(websocket.pings).toBe(0);
  client.beat();
  expect(websocket.pings).toBe(1);
  client.beat();
  expect(websocket.terminated).toBe(true);
});
