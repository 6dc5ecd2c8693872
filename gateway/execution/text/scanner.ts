import { isUtf8 } from 'node:buffer';
import type { LeafForm } from '../leaf.ts';
import type { Weight } from '../weight.ts';
import {
  type ScanLeaf,
  scanAny,
  scanBoolean,
  scanFloat,
  scanHidden,
  scanInt,
  scanKey,
  scanPlainFloat,
  scanPlainString,
  scanString,
} from './json.ts';
import { type FieldNode, type ObjectNode, typeSlot, type ValueNode } from './nodes.ts';
import { type Text, viewOf } from './sink.ts';
import { Unfit } from './unfit.ts';

/** A subgraph's answer that is just what was asked for, and where in it the things are that have to be found again. */
export class Scanned implements Text {
  readonly bytes: Buffer;
  readonly view: DataView;
  /**
   * Records of objects and lists, in the order of the text. An object's begins with where it ends, 0 for null; a list's
   * with the number of its items, −1 for null.
   */
  readonly tape: Int32Array;
  /** The objects that each entity fetch is for: where their records are, and which of its sources they are. */
  readonly marks: readonly (readonly number[])[];

  constructor(bytes: Buffer, { view, tape, used, marks }: Scanning) {
    this.bytes = bytes;
    this.view = view;
    this.tape = tape.slice(0, used);
    this.marks = marks;
  }
}

/**
 * Null for an answer that is anything else: errors, nulls where none may be, other fields, another order, whitespace. `kinds`:
 * which of the nodes each entity is, where there are several.
 */
export type ScanAnswer = (bytes: Buffer, kinds: readonly number[]) => Scanned | null;
export type Scan = (bytes: Buffer) => Scanned | null;

/** A scan under way, on a tape that all use in turn. */
interface Scanning {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly tape: Int32Array;
  /** Of the tape. */
  used: number;
  readonly marks: readonly number[][];
  readonly kinds: readonly number[];
}

type ScanPart = (scanning: Scanning, at: number) => number;

/** Numbers on a tape; an answer that needs more, of some megabytes, is parsed. One tape for all: nothing waits within a scan. */
const tapeBits = 18;
const scratch = new Int32Array(2 ** tapeBits);

/** A mark is one number, a small integer: where the record is, and above that which source. */
export const maximumSources = 2 ** 12;
export const recordIn = (mark: number): number => mark & (2 ** tapeBits - 1);
export const sourceIn = (mark: number): number => mark >>> tapeBits;

/** Compiles the scan of a fetch's answer: of root fields, or of entities, which may be of several nodes. */
export function compileScan(
  nodes: readonly ObjectNode[],
  ofEntities: boolean,
  marks: number,
  weight: Weight,
): ScanAnswer {
  const code = new Code(new Map(), weight);
  code.literal(ofEntities ? '{"data":{"_entities":' : '{"data":');
  if (ofEntities) code.entities(nodes);
  else for (const object of nodes) code.value({ kind: 'object', nonNull: true, object });
  code.literal(ofEntities ? '}}' : '}');
  const scanAnswer = code.compile();
  return (bytes, kinds) => {
    // What is no UTF-8 must not reach clients as it is.
    if (!isUtf8(bytes)) return null;
    const lists = Array.from({ length: marks }, (): number[] => []);
    const scanning: Scanning = { bytes, view: viewOf(bytes), tape: scratch, used: 0, marks: lists, kinds };
    const end = scanAnswer(scanning, 0);
    if (end === -1 || !isBlank(bytes, end)) return null;
    return new Scanned(bytes, scanning);
  };
}

/** Servers end an answer with a line break. */
function isBlank(bytes: Uint8Array, from: number): boolean {
  for (let at = from; at < bytes.length; at++) if (bytes[at] !== 0x0a && bytes[at] !== 0x20) return false;
  return true;
}

/** More names than these would be looked through one by one. */
const maximumNames = 32;

/**
 * A scan as JavaScript: scanners put together from closures take three times as long, and both a fraction of `JSON.parse`.
 * Names of the client and of the schema stand in it as the bytes of their JSON, so as numbers, never as code.
 */
class Code {
  readonly #lines: string[] = [];
  readonly #names: string[] = [];
  readonly #values: unknown[] = [];
  readonly #objects: Map<ObjectNode, ScanPart>;
  readonly #weight: Weight;
  #variables = 0;

  /** `objects`: what is compiled already. */
  constructor(objects: Map<ObjectNode, ScanPart>, weight: Weight) {
    this.#objects = objects;
    this.#weight = weight;
  }

  compile(): ScanPart {
    const body = `return (scanning, at) => {
      const { bytes, view, tape } = scanning; const end = bytes.length; let p = at;
      ${this.#lines.join('\n')}
      return p;
    };`;
    this.#weight.add('function');
    this.#weight.add('codeCharacter', body.length);
    return new Function(...this.#names, body)(...this.#values) as ScanPart;
  }

  /** Steps over these characters, all of them ASCII. */
  literal(text: string): void {
    this.#add(`if (!(${isLiteral(text)})) return -1; p += ${text.length};`);
  }

  value(value: ValueNode): void {
    switch (value.kind) {
      case 'constant':
        this.literal(value.text);
        break;
      case 'hidden':
        this.#call(scanHidden);
        break;
      case 'key':
        this.#call(scanKey);
        break;
      case 'leaf':
        this.#orNull(value.nonNull, null, () => this.#leaf(value.form, value.isKey));
        break;
      case 'list':
        this.#orNull(value.nonNull, isNoted(value) ? -1 : null, () =>
          this.#list(isNoted(value.item), () => this.value(value.item)),
        );
        break;
      case 'object': {
        const { object, nonNull } = value;
        this.#orNull(nonNull, object.noted ? 0 : null, () => this.#object(object));
        break;
      }
      case 'abstract':
        this.#orNull(value.nonNull, isNoted(value) ? 0 : null, () => this.#abstract(value.objects));
    }
  }

  /** A list of objects that are what the representations were made of. */
  entities(nodes: readonly ObjectNode[]): void {
    this.#list(true, (index) => {
      if (nodes.length > 1) this.#add(`switch (scanning.kinds[${index}]) {`);
      for (const [kind, node] of nodes.entries()) {
        if (nodes.length > 1) this.#add(`case ${kind}:`);
        this.#object(node);
        if (nodes.length > 1) this.#add('break;');
      }
      if (nodes.length > 1) this.#add('default: return -1; }');
    });
  }

  /** Any of these objects, by the name at its beginning. */
  #abstract(objects: readonly ObjectNode[]): void {
    for (const object of objects) {
      if (!object.fit) continue;
      const beginning = `{"__typename":${JSON.stringify(object.shape.typename)}`;
      this.#add(`if (${isLiteral(beginning)}) {`);
      this.#call(this.#whenMet(object), 'scanning');
      this.#add('} else');
    }
    this.#add('return -1;');
  }

  #object(object: ObjectNode): void {
    this.#call(this.#scanOf(object), 'scanning');
  }

  #scanOf(object: ObjectNode): ScanPart {
    const known = this.#objects.get(object);
    if (known !== undefined) return known;
    const scan = compileObject(object, this.#objects, this.#weight);
    this.#objects.set(object, scan);
    return scan;
  }

  /** Of hundreds of types that an interface may have, answers hold a few. */
  #whenMet(object: ObjectNode): ScanPart {
    let scan: ScanPart | undefined;
    return (scanning, at) => {
      scan ??= this.#scanOf(object);
      return scan(scanning, at);
    };
  }

  /** `note`: what stands for null on the tape. */
  #orNull(nonNull: boolean, note: number | null, scan: () => void): void {
    if (nonNull) {
      scan();
      return;
    }
    this.#add('if (bytes[p] === 0x6e) {');
    this.literal('null');
    if (note !== null) this.#note(String(note));
    this.#add('} else {');
    scan();
    this.#add('}');
  }

  #leaf(form: LeafForm, isKey: boolean): void {
    if (typeof form === 'string') {
      this.#call((isKey ? keyScanners : scanners)[form]);
      return;
    }
    if (form.size === 0 || form.size > maximumNames) throw new Unfit();
    for (const name of form) {
      const text = JSON.stringify(name);
      this.#add(`if (${isLiteral(text)}) p += ${text.length}; else`);
    }
    this.#add('return -1;');
  }

  #list(noted: boolean, item: (index: string) => void): void {
    const [record, count] = [this.#variable(), this.#variable()];
    this.#add(`if (bytes[p] !== 0x5b) return -1; p += 1; let ${count} = 0;`);
    if (noted) {
      this.#add(`const ${record} = scanning.used;`);
      this.#note('0');
    }
    this.#add('if (bytes[p] === 0x5d) p += 1; else for (;;) {');
    item(count);
    this.#add(
      `${count} += 1; const next = bytes[p++]; if (next === 0x5d) break; if (next !== 0x2c) return -1; }`,
    );
    if (noted) this.#add(`tape[${record}] = ${count};`);
  }

  /** The fields of an object, and its record. */
  object({ fields, noted, size, joins, type }: ObjectNode): void {
    if (noted) {
      this.#add(
        `const record = scanning.used; if (record + ${size} > tape.length) return -1; scanning.used += ${size};`,
      );
      if (type !== -1) this.#add(`tape[record + ${typeSlot}] = ${type};`);
      for (const { mark, source } of joins) {
        this.#add(`scanning.marks[${mark}].push(record + ${source * 2 ** tapeBits});`);
      }
    }
    for (const [index, field] of fields.entries()) this.#field(field, noted, index === 0);
    this.literal(fields.length === 0 ? '{}' : '}');
    if (noted) this.#add('tape[record] = scanning.used;');
  }

  #field(field: FieldNode, noted: boolean, isFirst: boolean): void {
    const { key, value, startSlot, valueSlot, endSlot, recordSlot } = field;
    const note = (slot: number, what: string): void => {
      if (noted && slot !== -1) this.#add(`tape[record + ${slot}] = ${what};`);
    };
    note(startSlot, 'p + 1');
    this.literal(`${isFirst ? '{' : ','}${JSON.stringify(key)}:`);
    note(valueSlot, 'p');
    note(recordSlot, 'scanning.used');
    this.value(value);
    note(endSlot, 'p');
  }

  #note(what: string): void {
    this.#add(`if (scanning.used === tape.length) return -1; tape[scanning.used++] = ${what};`);
  }

  #call(scan: ScanLeaf | ScanPart, argument = 'bytes'): void {
    const name = `s${this.#values.length}`;
    this.#names.push(name);
    this.#values.push(scan);
    this.#add(`p = ${name}(${argument}, p); if (p === -1) return -1;`);
  }

  #variable(): string {
    this.#variables += 1;
    return `v${this.#variables}`;
  }

  #add(line: string): void {
    this.#lines.push(line);
  }
}

const scanners = {
  string: scanString,
  int: scanInt,
  float: scanFloat,
  boolean: scanBoolean,
  any: scanAny,
};
const keyScanners = { ...scanners, string: scanPlainString, float: scanPlainFloat };

/** A function for each object: V8 does not optimise one that is too long. */
function compileObject(node: ObjectNode, objects: Map<ObjectNode, ScanPart>, weight: Weight): ScanPart {
  const code = new Code(objects, weight);
  code.object(node);
  return code.compile();
}

function isNoted(value: ValueNode): boolean {
  if (value.kind === 'list') return isNoted(value.item);
  if (value.kind === 'abstract') return value.objects.some(({ noted }) => noted);
  return value.kind === 'object' && value.object.noted;
}

/** A condition that these characters stand at `p`, four at a time. */
function isLiteral(text: string): string {
  const bytes = Buffer.from(text);
  const conditions = [`p + ${bytes.length} <= end`];
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    conditions.push(`view.getInt32(p + ${at}, true) === ${bytes.readInt32LE(at)}`);
  }
  for (; at < bytes.length; at++) conditions.push(`bytes[p + ${at}] === ${bytes[at]}`);
  return conditions.join(' && ');
}
