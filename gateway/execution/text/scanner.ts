import { isUtf8 } from 'node:buffer';
import type { LeafForm } from '../leaf.ts';
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
import type { FieldNode, ObjectNode, ValueNode } from './nodes.ts';
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
  /** Records of the objects that each entity fetch is for. */
  readonly marks: readonly (readonly number[])[];

  constructor(bytes: Buffer, { view, tape, used, marks }: Scanning) {
    this.bytes = bytes;
    this.view = view;
    this.tape = tape.slice(0, used);
    this.marks = marks;
  }
}

/** Null for an answer that is anything else: errors, nulls where none may be, other fields, another order, whitespace. */
export type Scan = (bytes: Buffer) => Scanned | null;

/** A scan under way, on a tape that all use in turn. */
interface Scanning {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly tape: Int32Array;
  /** Of the tape. */
  used: number;
  readonly marks: readonly number[][];
}

type ScanPart = (scanning: Scanning, at: number) => number;

/** Numbers on a tape; an answer that needs more, of some megabytes, is parsed. One tape for all: nothing waits within a scan. */
const scratch = new Int32Array(256 * 1024);

/** Compiles the scan of a fetch's answer: of root fields, or of entities. */
export function compileScan(node: ObjectNode, ofEntities: boolean, marks: number): Scan {
  const object: ValueNode = { kind: 'object', nonNull: true, object: node };
  const entities: ValueNode = { kind: 'list', nonNull: true, item: object };
  const code = new Code();
  code.literal(ofEntities ? '{"data":{"_entities":' : '{"data":');
  code.value(ofEntities ? entities : object);
  code.literal(ofEntities ? '}}' : '}');
  const scanAnswer = code.compile();
  return (bytes) => {
    // What is no UTF-8 must not reach clients as it is.
    if (!isUtf8(bytes)) return null;
    const lists = Array.from({ length: marks }, (): number[] => []);
    const scanning: Scanning = { bytes, view: viewOf(bytes), tape: scratch, used: 0, marks: lists };
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
  #variables = 0;

  compile(): ScanPart {
    const body = `return (scanning, at) => {
      const { bytes, view, tape } = scanning; const end = bytes.length; let p = at;
      ${this.#lines.join('\n')}
      return p;
    };`;
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
        this.#orNull(value.nonNull, isNoted(value) ? -1 : null, () => this.#list(value.item));
        break;
      case 'object': {
        const { object, nonNull } = value;
        this.#orNull(nonNull, object.noted ? 0 : null, () => this.#call(compileObject(object), 'scanning'));
      }
    }
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

  #list(item: ValueNode): void {
    const [record, count] = [this.#variable(), this.#variable()];
    this.#add(`if (bytes[p] !== 0x5b) return -1; p += 1; let ${count} = 0;`);
    const noted = isNoted(item);
    if (noted) {
      this.#add(`const ${record} = scanning.used;`);
      this.#note('0');
    }
    this.#add('if (bytes[p] === 0x5d) p += 1; else for (;;) {');
    this.value(item);
    this.#add(
      `${count} += 1; const next = bytes[p++]; if (next === 0x5d) break; if (next !== 0x2c) return -1; }`,
    );
    if (noted) this.#add(`tape[${record}] = ${count};`);
  }

  /** The fields of an object, and its record. */
  object({ fields, noted, size, joins }: ObjectNode): void {
    if (noted) {
      this.#add(
        `const record = scanning.used; if (record + ${size} > tape.length) return -1; scanning.used += ${size};`,
      );
      for (const { mark } of joins) this.#add(`scanning.marks[${mark}].push(record);`);
    }
    for (const [index, field] of fields.entries()) this.#field(field, index === 0);
    this.literal(fields.length === 0 ? '{}' : '}');
    if (noted) this.#add('tape[record] = scanning.used;');
  }

  #field({ key, value, startSlot, valueSlot, endSlot, recordSlot }: FieldNode, isFirst: boolean): void {
    const note = (slot: number, what: string): void => {
      if (slot !== -1) this.#add(`tape[record + ${slot}] = ${what};`);
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
function compileObject(node: ObjectNode): ScanPart {
  const code = new Code();
  code.object(node);
  return code.compile();
}

const isNoted = (value: ValueNode): boolean =>
  value.kind === 'list' ? isNoted(value.item) : value.kind === 'object' && value.object.noted;

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
