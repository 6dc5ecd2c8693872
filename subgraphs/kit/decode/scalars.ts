import { dateTimeOfMs, dateTimeOfText } from './date-time.ts';

/** What a value becomes that its type does not take. */
export const misfit: unique symbol = Symbol('misfit');

/** A value of the type, or `misfit`. Never called with null. */
export type Fit = (value: unknown) => unknown;

const largestInt = 2 ** 31 - 1;
const smallestInt = -(2 ** 31);

/** ID takes strings and whole numbers; what a number cannot hold exactly has lost its digits already, and is refused. */
const id: Fit = (value) => {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return String(value);
  return misfit;
};

const int: Fit = (value) =>
  typeof value === 'number' && Number.isInteger(value) && value >= smallestInt && value <= largestInt
    ? value + 0
    : misfit;

const float: Fit = (value) => {
  const number = typeof value === 'bigint' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : misfit;
};

const dateTime: Fit = (value) => {
  if (typeof value === 'string') return dateTimeOfText(value) ?? misfit;
  return typeof value === 'number' ? (dateTimeOfMs(value) ?? misfit) : misfit;
};

/** Scalars that the kit does not know are the schema's own: as they are. */
const asItIs: Fit = (value) =>
  typeof value === 'bigint' || typeof value === 'object' ? plain(value) : value;

const byName: Readonly<Record<string, Fit>> = {
  ID: id,
  String: (value) => (typeof value === 'string' ? value : misfit),
  Int: int,
  Float: float,
  Boolean: (value) => (typeof value === 'boolean' ? value : misfit),
  DateTime: dateTime,
};

export const scalarFit = (name: string): Fit =>
  Object.hasOwn(byName, name) ? (byName[name] ?? asItIs) : asItIs;

const wholeNumber = /^-?\d+$/;
const decimal = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

const textByName: Readonly<Record<string, (text: string) => unknown>> = {
  Int: (text) => (wholeNumber.test(text) ? int(Number(text)) : misfit),
  Float: (text) => (decimal.test(text) ? float(Number(text)) : misfit),
  Boolean: (text) => (text === 'true' ? true : text === 'false' ? false : misfit),
  DateTime: (text) => dateTime(wholeNumber.test(text) ? Number(text) : text),
};

/** The same from text: record keys and headers hold nothing else. */
export const scalarTextFit = (name: string): ((text: string) => unknown) =>
  Object.hasOwn(textByName, name) ? (textByName[name] ?? ((text) => text)) : (text) => text;

/** BigInts come from JSON's long integers; JSON.stringify, and so every store behind us, refuses them. */
const plain = (value: unknown): unknown => {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
};
