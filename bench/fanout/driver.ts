/** The clients of a fan-out, in a process of their own. */
import { percentile } from '../figure.ts';
import { serveMethods } from '../processes/script.ts';
import { stayAwake } from './awake.ts';
import { ClientSocket, type Operation } from './socket.ts';

export interface Connect {
  /** `ws://host:port/path` */
  readonly url: string;
  readonly sockets: number;
  /** Of each socket. With `keys`, socket s and operation o get the variable `key` of their number. */
  readonly operations: readonly Operation[];
  readonly keys?: boolean;
}

/** Of the events since `begin`. */
export interface Received {
  readonly deliveries: number;
  /** Deliveries of the socket that got fewest, and most. */
  readonly fewest: number;
  readonly most: number;
  /** From `sentAt` in the event to its arrival, milliseconds; NaN where no event has one. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number };
}

const groups = new Map<string, Group>();

/** Connections are opened so many at a time: a backlog overflows otherwise. */
const atOnce = 100;
/** Latencies kept, evenly: the arrival of each is known, and to read all would cost more than the events. */
const latencySockets = 64;

class Group {
  readonly #sockets: ClientSocket[] = [];
  readonly #counts: number[] = [];
  #latencies: number[] = [];
  #deliveries = 0;
  #wanted: { readonly deliveries: number; readonly resolve: () => void } | null = null;
  #lastText = '';

  async open({ url, sockets, operations, keys = false }: Connect): Promise<void> {
    const sampleEvery = Math.max(1, Math.floor(sockets / latencySockets));
    for (let first = 0; first < sockets; first += atOnce) {
      const numbers = Array.from({ length: Math.min(atOnce, sockets - first) }, (_, index) => first + index);
      await Promise.all(
        numbers.map(async (number) => {
          this.#counts[number] = 0;
          const own = keys ? withKeys(operations, number) : operations;
          const sampled = number % sampleEvery === 0;
          this.#sockets[number] = await ClientSocket.open(new URL(url), own, (bytes, start, end) =>
            this.#count(number, sampled, bytes, start, end),
          );
        }),
      );
    }
  }

  begin(): void {
    this.#deliveries = 0;
    this.#counts.fill(0);
    this.#latencies = [];
  }

  /** Sockets that have got nothing since `begin`. */
  get silent(): number {
    return this.#counts.filter((count) => count === 0).length;
  }

  get deliveries(): number {
    return this.#deliveries;
  }

  get lastText(): string {
    return this.#lastText;
  }

  async received(deliveries: number, timeoutMs: number): Promise<Received> {
    if (this.#deliveries < deliveries) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      this.#wanted = { deliveries, resolve };
      const late = (): void => {
        const open = this.#sockets.filter((socket) => socket.isOpen).length;
        reject(new Error(`${this.#deliveries} of ${deliveries} deliveries came; ${open} sockets are open`));
      };
      const timer = setTimeout(late, timeoutMs);
      await promise.finally(() => clearTimeout(timer));
    }
    return {
      deliveries: this.#deliveries,
      fewest: this.#counts.reduce((low, count) => Math.min(low, count), Number.POSITIVE_INFINITY),
      most: this.#counts.reduce((high, count) => Math.max(high, count), 0),
      latency: {
        p50: percentile(this.#latencies, 0.5),
        p95: percentile(this.#latencies, 0.95),
        p99: percentile(this.#latencies, 0.99),
      },
    };
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }

  #count(number: number, sampled: boolean, bytes: Buffer, start: number, end: number): void {
    stayAwake();
    this.#deliveries += 1;
    this.#counts[number] = (this.#counts[number] ?? 0) + 1;
    if (sampled) this.#sample(bytes.toString('latin1', start, end));
    if (this.#wanted !== null && this.#deliveries >= this.#wanted.deliveries) {
      this.#wanted.resolve();
      this.#wanted = null;
    }
  }

  #sample(text: string): void {
    this.#lastText = text;
    const at = text.indexOf('"sentAt":"');
    if (at === -1) return;
    const sentAt = Number(text.slice(at + 10, text.indexOf('"', at + 10)));
    this.#latencies.push(Number(process.hrtime.bigint() / 1000n) / 1000 - sentAt / 1000);
  }
}

const withKeys = (operations: readonly Operation[], socket: number): Operation[] =>
  operations.map((operation, index) => ({
    ...operation,
    variables: { ...operation.variables, key: `k${socket * operations.length + index}` },
  }));

const groupOf = (name: string): Group => {
  const group = groups.get(name);
  if (group === undefined) throw new Error(`there is no group ${name}`);
  return group;
};

const methods = {
  connect: async ({ group, ...connect }: Connect & { readonly group: string }) => {
    const fresh = new Group();
    groups.set(group, fresh);
    await fresh.open(connect);
  },
  begin: ({ group }: { readonly group: string }) => groupOf(group).begin(),
  silent: ({ group }: { readonly group: string }) => groupOf(group).silent,
  deliveries: ({ group }: { readonly group: string }) => groupOf(group).deliveries,
  lastText: ({ group }: { readonly group: string }) => groupOf(group).lastText,
  received: ({ group, deliveries, timeoutMs }: { group: string; deliveries: number; timeoutMs: number }) =>
    groupOf(group).received(deliveries, timeoutMs),
  close: ({ group }: { readonly group: string }) => {
    groupOf(group).close();
    groups.delete(group);
  },
};

export type DriverMethods = typeof methods;
serveMethods(methods);
