import type { Operations } from './operations.ts';

/** What a connection ended with, as the stock client is told. */
export interface Close {
  readonly code: number;
  readonly reason: string;
  readonly wasClean?: boolean;
}

/** What is used of a browser's WebSocket, or of one that is made like it. */
interface Socket {
  readonly readyState: number;
  readonly OPEN: number;
  onclose: ((event: Close) => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
  /** Of `ws`: does not wait for the other side. */
  terminate?(): void;
}
export type SocketConstructor = new (url: string, protocol: string) => Socket;

export interface SocketOptions {
  readonly operations: Operations;
  /** Milliseconds for the server to send anything after a ping; then the connection counts as lost. */
  readonly answerMs: number;
  pause(attempt: number): Promise<void>;
}

/**
 * The WebSocket that a graphql-ws client makes its connections with, so that what it sends says where its operations are,
 * and what passes by itself does not reach it. Everything else is the class below, which may be a browser's or `ws`.
 */
export const resumableSocket = (
  WebSocket: SocketConstructor,
  { operations, answerMs, pause }: SocketOptions,
): SocketConstructor =>
  class extends WebSocket {
    /** Runs from a ping until anything comes. A throttled tab sends late, and waits late: it never misses an answer. */
    #silence: ReturnType<typeof setTimeout> | undefined;

    override send(text: string): void {
      if (text.startsWith('{"type":"ping"')) this.#silence ??= setTimeout(() => this.#lost(), answerMs);
      super.send(operations.sent(text));
    }

    /** Nothing more is wanted; the client would take what still comes for news of its next connection. */
    override close(...given: [code?: number, reason?: string]): void {
      this.onmessage = null;
      super.close(...given);
    }

    override get onmessage() {
      return super.onmessage;
    }
    override set onmessage(take: Socket['onmessage']) {
      super.onmessage =
        take &&
        ((event) => {
          this.#heard();
          const again = operations.refused(String(event.data));
          if (again === null) take(event);
          else void pause(again.attempt).then(() => this.#sendAgain(again.text()));
        });
    }

    override get onclose() {
      return super.onclose;
    }
    override set onclose(take: Socket['onclose']) {
      super.onclose =
        take &&
        ((event) => {
          this.#heard();
          take(passing.has(event.code) ? { code: 1013, reason: `${event.code} ${event.reason}` } : event);
        });
    }

    #heard(): void {
      clearTimeout(this.#silence);
      this.#silence = undefined;
    }

    /** On another connection the client sends it by itself. */
    #sendAgain(text: string | null): void {
      if (text !== null && this.readyState === this.OPEN) this.send(text);
    }

    /** A network that vanished sends no close, and answers none for minutes. */
    #lost(): void {
      const { onclose } = this;
      this.onclose = null;
      this.onmessage = null;
      if (this.terminate === undefined) this.close();
      else this.terminate();
      onclose?.({ code: 4499, reason: `No answer within ${answerMs} ms`, wasClean: false });
    }
  };

/** A fault of a server or proxy, or too many at once: graphql-ws never comes back, whatever `shouldRetry` says. Told as 1013. */
const passing = new Set([1011, 4429, 4500]);
