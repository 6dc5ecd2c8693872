import { setTimeout as delay } from 'node:timers/promises';
import { cpuOf } from '../processes/cpu.ts';
import type { Script } from '../processes/script.ts';
import type { Connect, DriverMethods, Received } from './driver.ts';
import type { Pace } from './pace.ts';

const warmUpMs = 60_000;
const deliveryMs = 120_000;

/** Something that sends events to connected clients. */
export interface Publisher {
  readonly pid: number;
  publish(pace: Pace): Promise<unknown>;
}

/** Clients of one publisher. */
export class Clients {
  readonly #driver: Script<DriverMethods>;
  readonly #group: string;
  readonly #publisher: Publisher;
  readonly #sockets: number;

  private constructor(driver: Script<DriverMethods>, group: string, publisher: Publisher, sockets: number) {
    this.#driver = driver;
    this.#group = group;
    this.#publisher = publisher;
    this.#sockets = sockets;
  }

  /** Connects, and sends events until each client has had one: from then on none is missed. */
  static async connect(
    driver: Script<DriverMethods>,
    group: string,
    publisher: Publisher,
    connect: Connect,
  ): Promise<Clients> {
    await driver.call('connect', { group, ...connect });
    const clients = new Clients(driver, group, publisher, connect.sockets);
    await driver.call('begin', { group });
    const deadline = Date.now() + warmUpMs;
    let silent = connect.sockets;
    while (silent > 0) {
      if (Date.now() > deadline)
        throw new Error(`${group}: ${silent} clients got no event in ${warmUpMs / 1000} s`);
      await publisher.publish({ events: 1, together: 1, everyMs: 0 });
      await delay(500);
      silent = await driver.call('silent', { group });
    }
    return clients;
  }

  /** Publishes at the pace; resolves when all have come. Throws when a client got another number of events than were sent. */
  async take(
    pace: Pace,
  ): Promise<Received & { readonly cpuUsPerDelivery: number; readonly seconds: number }> {
    await this.#driver.call('begin', { group: this.#group });
    const before = cpuOf(this.#publisher.pid);
    const began = performance.now();
    const deliveries = pace.events * this.#sockets;
    const published = this.#publisher.publish(pace);
    const received = await this.#driver.call('received', {
      group: this.#group,
      deliveries,
      timeoutMs: deliveryMs,
    });
    const seconds = (performance.now() - began) / 1000;
    const cpuUsPerDelivery = (cpuOf(this.#publisher.pid) - before) / deliveries;
    await published;
    if (received.fewest !== pace.events || received.most !== pace.events) {
      throw new Error(
        `${this.#group}: of ${pace.events} events clients got from ${received.fewest} to ${received.most}`,
      );
    }
    return { ...received, cpuUsPerDelivery, seconds };
  }

  /** An event as it comes over the wire. */
  lastText(): Promise<string> {
    return this.#driver.call('lastText', { group: this.#group });
  }

  async close(): Promise<void> {
    await this.#driver.call('close', { group: this.#group });
  }
}
