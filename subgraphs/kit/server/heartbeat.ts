import type { WebSocket } from 'ws';

/** Milliseconds between pings. A client that has not answered one by the next is gone. */
const beatMs = 12_000;

/** Keeps a connection alive, and ends it when nobody is there any more. */
export const keepAlive = (socket: WebSocket): void => {
  let answered = true;
  const beat = (): void => {
    if (!answered) {
      socket.terminate();
      return;
    }
    if (socket.readyState !== socket.OPEN) return;
    answered = false;
    socket.ping();
  };
  const timer = setInterval(beat, beatMs);
  socket.on('pong', () => {
    answered = true;
  });
  socket.once('close', () => clearInterval(timer));
};
