import type { RecordField, RecordFieldType } from '../../../schema/description.ts';
import { type Fit, misfit, scalarFit, scalarTextFit } from './scalars.ts';

/**
 * Reads one value of a type. A value that does not fit becomes null where the type is nullable, and its path is added to
 * `misfits` (S23); else the result is `misfit`, and whoever holds the value decides.
 */
export type ValueReader = (value: unknown, misfits: string[]) => unknown;

/** Compiled once a topic, so that no record pays for reading the description. `path` names the field in `misfits`. */
export const compileValue = (type: RecordFieldType, path: string): ValueReader =>
  orNull(type.nonNull, path, compileFitting(type, path));

/** The same for values that are text: record keys and headers. */
export const compileText = (type: RecordFieldType, path: string): ValueReader => {
  const read = textFit(type);
  return orNull(type.nonNull, path, (value) => (typeof value === 'string' ? read(value) : misfit));
};

const orNull = (nonNull: boolean, path: string, read: ValueReader): ValueReader =>
  nonNull
    ? (value, misfits) => (value === undefined || value === null ? misfit : read(value, misfits))
    : (value, misfits) => {
        if (value === undefined || value === null) return null;
        const fitted = read(value, misfits);
        if (fitted !== misfit) return fitted;
        misfits.push(path);
        return null;
      };

const compileFitting = (type: RecordFieldType, path: string): ValueReader => {
  switch (type.kind) {
    case 'scalar':
      return scalarFit(type.name);
    case 'enum':
      return enumFit(type.values);
    case 'reference':
      return referenceFit(type.key);
    case 'list':
      return listReader(compileValue(type.item, `${path}[]`));
    case 'object':
      return objectReader(type.fields, path);
  }
};

const enumFit = (values: readonly string[]): Fit => {
  const known = new Set<unknown>(values);
  return (value) => (known.has(value) ? value : misfit);
};

const keyFit = scalarFit('ID');

/** One key field: its bare value, or an object that has it. Several: an object that has them all. */
const referenceFit = (key: readonly string[]): Fit => {
  const [only, ...others] = key;
  if (only !== undefined && others.length === 0) {
    return (value) => {
      if (!isObject(value)) return keyFit(value);
      const held = member(value, only);
      return held === undefined || held === null ? misfit : keyFit(held);
    };
  }
  return (value) => (isObject(value) ? keyObject(key, (field) => member(value, field)) : misfit);
};

const keyObject = (key: readonly string[], held: (field: string, index: number) => unknown): unknown => {
  const reference: Record<string, unknown> = {};
  for (const [index, field] of key.entries()) {
    const value = held(field, index);
    const fitted = value === undefined || value === null ? misfit : keyFit(value);
    if (fitted === misfit) return misfit;
    reference[field] = fitted;
  }
  return reference;
};

const listReader =
  (item: ValueReader): ValueReader =>
  (value, misfits) => {
    if (!Array.isArray(value)) return misfit;
    const items = value.map((entry: unknown) => item(entry, misfits));
    return items.includes(misfit) ? misfit : items;
  };

const objectReader = (fields: readonly RecordField[], path: string): ValueReader => {
  const readers = fields.map(({ name, source, type }) => ({
    name,
    at: source.kind === 'value' ? compilePath(source.path) : compilePath([name]),
    read: compileValue(type, `${path}.${name}`),
  }));
  return (value, misfits) => {
    if (!isObject(value)) return misfit;
    const object: Record<string, unknown> = {};
    for (const { name, at, read } of readers) {
      const fitted = read(at(value), misfits);
      if (fitted === misfit) return misfit;
      object[name] = fitted;
    }
    return object;
  };
};

const textFit = (type: RecordFieldType): ((text: string) => unknown) => {
  switch (type.kind) {
    case 'scalar':
      return scalarTextFit(type.name);
    case 'enum':
      return enumFit(type.values);
    case 'reference':
      return type.key.length === 1 ? (text) => text : (text) => compositeKey(type.key, text);
    default:
      return () => misfit;
  }
};

const compositeKey = (key: readonly string[], text: string): unknown => {
  const parts = parseKeyParts(text, key.length);
  return parts === null ? misfit : keyObject(key, (_, index) => parts[index]);
};

/** The members of a JSON array of a length, as texts: how a record key holds several fields. Null where it is none. */
export const parseKeyParts = (text: string, length: number): readonly string[] | null => {
  let parts: unknown;
  try {
    parts = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(parts) || parts.length !== length) return null;
  const texts = parts
    .filter((part: unknown) => ['string', 'number', 'boolean'].includes(typeof part))
    .map(String);
  return texts.length === length ? texts : null;
};

/** Walks own members, so that a field named like a method of Object reads nothing by accident. */
export const compilePath = (path: readonly string[]): ((value: unknown) => unknown) => {
  const [first, second] = path;
  if (first !== undefined && second === undefined) return (value) => member(value, first);
  return (value) => path.reduce<unknown>(member, value);
};

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const member = (value: unknown, name: string): unknown =>
  isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
