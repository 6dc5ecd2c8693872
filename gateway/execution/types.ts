import type { Schema } from '@apollo/federation-internals';

/** What the executor asks of the supergraph's types; hidden ones included, since subgraphs know them. */
export interface TypeRelations {
  /** True when `typename` is `condition`, implements it or is a member of it. */
  isOfType(typename: string, condition: string): boolean;
  isAbstract(typename: string): boolean;
  /** True for a value of the enum. */
  hasValue(typename: string, value: unknown): boolean;
}

/** Reads the relations once, so that a look-up at run time is one of a set. */
export function readTypeRelations(supergraph: Schema): TypeRelations {
  const members = new Map<string, ReadonlySet<string>>();
  for (const type of supergraph.interfaceTypes()) {
    members.set(type.name, new Set(type.allImplementations().map((member) => member.name)));
  }
  for (const type of supergraph.unionTypes()) {
    members.set(type.name, new Set(type.types().map((member) => member.name)));
  }
  const values = new Map<string, ReadonlySet<unknown>>();
  for (const type of supergraph.enumTypes()) {
    values.set(type.name, new Set(type.values.map((value) => value.name)));
  }
  return {
    isOfType: (typename, condition) =>
      typename === condition || (members.get(condition)?.has(typename) ?? false),
    isAbstract: (typename) => members.has(typename),
    hasValue: (typename, value) => values.get(typename)?.has(value) ?? false,
  };
}
