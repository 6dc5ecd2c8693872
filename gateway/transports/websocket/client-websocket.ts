import { type RawData, WebSocket } from 'ws';

/** Who is told what happens to a websocket. */
export interface WebSocketOwner {
  /** A message; null stands for a binary one. */
  received(message: string | null): void;
  /** A pong came. */
  heard(): void;
  /** A ping came, and `ws` has answered by a pong with as many bytes of payload. */
  pinged(bytes: number): void;
  /** Something was wrong with a frame: `ws` is about to close it. */
  over(): void;
  /** It is closed. */
  gone(): void;
}

/** A websocket that knows its owner: so all share their listeners, which would be closures of each client otherwise. */
export class ClientWebSocket extends WebSocket {
  owner: WebSocketOwner | null = null;

  tell(owner: WebSocketOwner): void {
    this.owner = owner;
    this.on('message', onMessage);
    this.on('pong', onPong);
    this.on('ping', onPing);
    this.on('error', onError);
    this.on('close', onClose);
  }
}

// `ws` calls listeners with itself as `this` (https://nodejs.org/api/events.html#passing-arguments-and-this-to-listeners).
const ownerOf = (websocket: WebSocket): WebSocketOwner | null => (websocket as ClientWebSocket).owner;

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  ownerOf(this)?.received(isBinary ? null : (data as Buffer).toString());
}

function onPong(this: WebSocket): void {
  ownerOf(this)?.heard();
}

function onPing(this: WebSocket, data: Buffer): void {
  ownerOf(this)?.pinged(data.length);
}

/** It closes by itself, with the code of what was wrong with a frame. */
function onError(this: WebSocket): void {
  ownerOf(this)?.over();
}

function onClose(this: WebSocket): void {
  ownerOf(this)?.gone();
}
