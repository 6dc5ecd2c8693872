import type { Mistake } from '../mistakes.ts';
import { type Entry, type Located, type Place, shown } from './located.ts';
import { type Setting, settings } from './settings.ts';
import { readOr, unknownKey } from './value.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Sections whose keys are free, or judged by who reads them. */
const openSections = ['subgraphs', 'gateway.limits'];
const settingPaths: readonly string[] = Object.values(settings).map(({ path }) => path);

/** The file and the environment while they are read, with the mistakes found so far. */
export class Context {
  readonly mistakes: Mistake[];
  readonly #root: Located | null;
  readonly #environment: Environment;

  constructor(root: Located | null, environment: Environment, mistakes: Mistake[]) {
    this.#root = root;
    this.#environment = environment;
    this.mistakes = mistakes;
  }

  value<T>(setting: Setting<T>): T {
    const variable = setting.variable === null ? undefined : this.#environment[setting.variable];
    const place: Place = { file: `environment variable ${setting.variable}`, line: null, column: null };
    const located: Located | undefined =
      variable === undefined || variable === ''
        ? this.#at(setting.path)?.value
        : { kind: 'scalar', value: variable, place };
    if (located === undefined) return setting.fallback;
    return readOr(setting.fallback, setting.reader, setting.path, located, this.mistakes);
  }

  /** Keys and values of a section; none when it is absent. */
  entries(path: string): ReadonlyMap<string, Entry> {
    const found = this.#at(path)?.value;
    return found?.kind === 'section' ? found.entries : new Map();
  }

  /** Adds a mistake for each section that is none, and for each key that nobody reads. */
  checkSections(): void {
    if (this.#root !== null) this.#checkSection(this.#root, '');
  }

  #checkSection(located: Located, path: string): void {
    // `gateway:` with nothing behind it is a section without keys.
    if (located.kind === 'scalar' && located.value === null) return;
    if (located.kind !== 'section') {
      const what = path === '' ? 'The file' : path;
      const message = `${what} is ${shown(located)}, but must be a section of keys and values.`;
      this.mistakes.push({ ...located.place, message, cure: `Write for example: ${exampleOf(path)}` });
      return;
    }
    if (openSections.includes(path)) return;
    const known = keysIn(path);
    for (const [key, entry] of located.entries) {
      const full = path === '' ? key : `${path}.${key}`;
      if (!known.includes(key)) this.mistakes.push(unknownKey(entry.place, full, key, known));
      else if (!settingPaths.includes(full)) this.#checkSection(entry.value, full);
    }
  }

  #at(path: string): Entry | undefined {
    let located: Located | undefined = this.#root ?? undefined;
    let entry: Entry | undefined;
    for (const key of path.split('.')) {
      entry = located?.kind === 'section' ? located.entries.get(key) : undefined;
      located = entry?.value;
    }
    return entry;
  }
}

/** Keys that may stand in a section; of the file itself for the empty path. */
const keysIn = (path: string): readonly string[] => {
  const prefix = path === '' ? '' : `${path}.`;
  const below = [...settingPaths, ...openSections].filter((candidate) => candidate.startsWith(prefix));
  return [...new Set(below.map((candidate) => candidate.slice(prefix.length).split('.')[0] ?? ''))];
};

const exampleOf = (path: string): string => {
  if (path === 'subgraphs') return 'subgraphs: { flights: { dir: subgraphs/flights, port: 4002 } }';
  if (path === 'gateway.limits') return 'limits: { operationsPerSocket: 100 }';
  const example =
    Object.values(settings).find((setting) => setting.path.startsWith(`${path}.`)) ?? settings.gatewayPort;
  const [section, key] = example.path.split('.').slice(-2);
  return `${section}: { ${key}: ${example.reader.example} }`;
};
