import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Mistake } from '../mistakes.ts';
import { reachable } from '../reachable.ts';
import type { SubgraphConfiguration } from './configuration.ts';
import { type Entry, type Place, shown } from './located.ts';
import { number, type Reader, text } from './reader.ts';
import { listenHost, workersReader } from './settings.ts';
import { readOr, unknownKey } from './value.ts';

interface Surroundings {
  readonly directory: string;
  readonly gatewayPort: number;
  readonly mistakes: Mistake[];
}

/** Keys of one subgraph. */
export const readers = {
  dir: text('the path of a folder', 'subgraphs/flights'),
  host: listenHost,
  url: text('an http or https address', 'http://127.0.0.1:4002/graphql', /^https?:\/\/\S+$/),
  port: number({
    expects: 'a port, a whole number from 1 to 65535',
    example: '4002',
    minimum: 1,
    maximum: 65_535,
    whole: true,
  }),
  workers: workersReader,
  schema: text('the path of a file', 'weather.graphql'),
};
const keys = Object.keys(readers);
const subgraphName = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** Reads `subgraphs:`. What is wrong is added to the mistakes, and the subgraph is left out. */
export const readSubgraphs = (
  entries: ReadonlyMap<string, Entry>,
  surroundings: Surroundings,
): readonly SubgraphConfiguration[] => {
  const takenPorts = new Map([[surroundings.gatewayPort, 'gateway.port']]);
  const subgraphs: SubgraphConfiguration[] = [];
  for (const [name, entry] of entries) {
    const subgraph = new SubgraphReader(name, entry, surroundings).read();
    if (subgraph === null) continue;
    if (subgraph.kind === 'LOCAL') {
      const taken = takenPorts.get(subgraph.port);
      if (taken !== undefined) {
        surroundings.mistakes.push({
          ...entry.place,
          message: `subgraphs.${name}.port is ${subgraph.port}, which is ${taken} already.`,
          cure: 'Give each its own port.',
        });
      }
      takenPorts.set(subgraph.port, `subgraphs.${name}.port`);
    }
    subgraphs.push(subgraph);
  }
  return subgraphs;
};

class SubgraphReader {
  readonly #name: string;
  readonly #entry: Entry;
  readonly #surroundings: Surroundings;
  readonly #before: number;

  constructor(name: string, entry: Entry, surroundings: Surroundings) {
    this.#name = name;
    this.#entry = entry;
    this.#surroundings = surroundings;
    this.#before = surroundings.mistakes.length;
  }

  read(): SubgraphConfiguration | null {
    const { place, value } = this.#entry;
    const name = this.#name;
    if (!subgraphName.test(name)) {
      this.#mistake(
        place,
        `"${name}" is no name for a subgraph.`,
        'Use letters, digits, _ and -, a letter first.',
      );
    }
    if (value.kind !== 'section') {
      this.#mistake(
        value.place,
        `subgraphs.${name} is ${shown(value)}, but must be a section.`,
        `Write for example: ${name}: { dir: subgraphs/${name}, port: 4001 }`,
      );
      return null;
    }
    for (const [key, { place: keyPlace }] of value.entries) {
      if (!keys.includes(key))
        this.#surroundings.mistakes.push(unknownKey(keyPlace, `subgraphs.${name}.${key}`, key, keys));
    }
    const subgraph = value.entries.has('dir') ? this.#local() : this.#remote();
    return this.#surroundings.mistakes.length > this.#before ? null : subgraph;
  }

  #local(): SubgraphConfiguration {
    const directory = this.#path('dir', 'folder') ?? '';
    const host = this.#value('host', readers.host) ?? '127.0.0.1';
    const givenPort = this.#value('port', readers.port);
    if (givenPort === null) {
      this.#mistake(
        this.#entry.place,
        `subgraphs.${this.#name} has a dir but no port.`,
        'Add the port that it shall listen on, for example: port: 4003',
      );
    }
    if (this.#has('schema')) {
      this.#mistake(
        this.#entry.place,
        `subgraphs.${this.#name} has both dir and schema.`,
        'Leave schema out: the SDL is in the folder.',
      );
    }
    const port = givenPort ?? 0;
    const workers = this.#value('workers', readers.workers) ?? 1;
    const url = this.#value('url', readers.url) ?? `http://${reachable(host, port)}/graphql`;
    return { kind: 'LOCAL', name: this.#name, directory, host, port, workers, url };
  }

  #remote(): SubgraphConfiguration | null {
    const url = this.#value('url', readers.url);
    if (url === null && !this.#has('url')) {
      this.#mistake(
        this.#entry.place,
        `subgraphs.${this.#name} has neither dir nor url.`,
        'Give dir, a folder with its SDL, or url, where it runs.',
      );
    }
    for (const key of ['host', 'port', 'workers']) {
      const entry = this.#entryOf(key);
      if (entry === undefined) continue;
      this.#mistake(
        entry.place,
        `subgraphs.${this.#name} has ${key} but no dir: nothing of it listens here.`,
        `Leave ${key} out, or give dir, the folder with its SDL.`,
      );
    }
    const schema = this.#has('schema') ? this.#path('schema', 'file') : null;
    return url === null ? null : { kind: 'REMOTE', name: this.#name, url, schema };
  }

  #path(key: 'dir' | 'schema', kind: 'folder' | 'file'): string | null {
    const given = this.#value(key, readers[key]);
    if (given === null) return null;
    const path = resolve(this.#surroundings.directory, given);
    const there = existsSync(path) && statSync(path).isDirectory() === (kind === 'folder');
    const place = this.#entryOf(key)?.value.place ?? this.#entry.place;
    if (!there) {
      this.#mistake(
        place,
        `subgraphs.${this.#name}.${key} is "${given}", but there is no such ${kind}.`,
        `Paths start from the folder of the configuration file: ${path}`,
      );
    }
    return path;
  }

  #value<T>(key: string, reader: Reader<T>): T | null {
    const entry = this.#entryOf(key);
    if (entry === undefined) return null;
    const path = `subgraphs.${this.#name}.${key}`;
    return readOr<T | null>(null, reader, path, entry.value, this.#surroundings.mistakes);
  }

  #has(key: string): boolean {
    return this.#entryOf(key) !== undefined;
  }

  #entryOf(key: string): Entry | undefined {
    const { value } = this.#entry;
    return value.kind === 'section' ? value.entries.get(key) : undefined;
  }

  #mistake(place: Place, message: string, cure: string): void {
    this.#surroundings.mistakes.push({ ...place, message, cure });
  }
}
