import { type Data, isInheritedKey } from '../data.ts';
import type { Represent } from '../representations.ts';
import type { TypeRelations } from '../types.ts';
import { Unfit } from './unfit.ts';

/** What the representation of an object holds. */
export interface RepresentationForm {
  readonly typename: string;
  /** In the order in which they stand behind `__typename`. */
  readonly fields: readonly { readonly name: string; readonly from: string }[];
}

/**
 * How objects of a type are represented; null where they are not. `has` tells which keys they have. Throws Unfit where that
 * takes more than leaves.
 */
export function formOf(
  { selections, rewrite }: Represent,
  typename: string,
  types: TypeRelations,
  has: (key: string) => boolean,
): RepresentationForm | null {
  const keys = new Set<string>();
  for (const selection of selections) {
    if (selection.kind === 'Field') throw new Unfit();
    const { typeCondition } = selection;
    if (typeCondition !== undefined && !types.isOfType(typename, typeCondition)) continue;
    const own = selection.selections.map((field) => {
      if (field.kind !== 'Field' || field.selections !== undefined) throw new Unfit();
      return field.alias ?? field.name;
    });
    if (own.some(isInheritedKey)) throw new Unfit();
    // All or nothing, as values are.
    if (own.every(has)) for (const key of own) keys.add(key);
  }
  if (!keys.has('__typename') || keys.size === 1) return null;
  // Rewrites go by type and set or rename keys: what they make of one object they make of all.
  const sample: Data = {};
  for (const key of keys) sample[key] = key === '__typename' ? typename : new Source(key);
  rewrite?.(sample);
  const { __typename: told, ...fields } = sample;
  if (typeof told !== 'string' || Object.keys(sample)[0] !== '__typename') throw new Unfit();
  return {
    typename: told,
    fields: Object.entries(fields).map(([name, value]) => {
      if (!(value instanceof Source)) throw new Unfit();
      return { name, from: value.key };
    }),
  };
}

/** Stands for the value of a key. */
class Source {
  readonly key: string;

  constructor(key: string) {
    this.key = key;
  }
}
