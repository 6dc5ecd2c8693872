import {
  type ConstArgumentNode,
  type ConstDirectiveNode,
  type DefinitionNode,
  type DocumentNode,
  type EnumTypeDefinitionNode,
  type EnumValueDefinitionNode,
  type FieldDefinitionNode,
  Kind,
} from 'graphql';
import { fieldName } from './required-chains.ts';
import { type Composite, rootTypes, textOf } from './virtual-fields.ts';

/** A part of a subgraph that the planner takes for a subgraph of its own. */
export interface Copy {
  /** Its value of the enum of subgraphs. */
  readonly graph: string;
  readonly name: string;
  readonly original: { readonly graph: string; readonly name: string };
  /** The fields that it has in place of the original, such as `Post.rank`. */
  readonly fields: ReadonlySet<string>;
}

/**
 * The supergraph with a copy of a subgraph, in which these fields are. It can be entered where one of them is, and nowhere
 * else; what else there is of such a type are its keys, and fields that it may be given. Other types are there for what
 * the fields return.
 */
export function withCopy(supergraph: DocumentNode, copy: Copy): DocumentNode {
  const copying = new Copying(supergraph, copy);
  return {
    ...supergraph,
    definitions: supergraph.definitions.map((definition) => copying.definition(definition)),
  };
}

type Directives = readonly ConstDirectiveNode[] | undefined;

/** What a `@join__field` of the original may say for the copy to have the field as well: nothing that steers who is asked. */
const plain = new Set(['graph', 'type', 'provides', 'external']);

class Copying {
  readonly #copy: Copy;
  readonly #query: string | undefined;
  readonly #otherRoots: ReadonlySet<string>;
  /** Names in the keys of the original. */
  readonly #keys: ReadonlySet<string>;

  constructor(supergraph: DocumentNode, copy: Copy) {
    this.#copy = copy;
    const { query, ...others } = Object.fromEntries(rootTypes(supergraph));
    this.#query = query;
    this.#otherRoots = new Set(Object.values(others));
    const directives = supergraph.definitions.flatMap((definition) =>
      'directives' in definition ? ((definition.directives ?? []) as readonly ConstDirectiveNode[]) : [],
    );
    const keys = directives.flatMap((each) => (this.#isOwn(each) ? (textOf(each, 'key') ?? '') : ''));
    this.#keys = new Set(keys.flatMap((key) => key.match(/\w+/g) ?? []));
  }

  definition(definition: DefinitionNode): DefinitionNode {
    switch (definition.kind) {
      case Kind.OBJECT_TYPE_DEFINITION:
      case Kind.INTERFACE_TYPE_DEFINITION:
        return this.#type(definition);
      case Kind.ENUM_TYPE_DEFINITION:
        return definition.name.value === 'join__Graph' ? this.#graphs(definition) : this.#enum(definition);
      case Kind.UNION_TYPE_DEFINITION:
      case Kind.SCALAR_TYPE_DEFINITION:
      case Kind.INPUT_OBJECT_TYPE_DEFINITION:
        return { ...definition, directives: this.#twice(definition.directives) };
      default:
        return definition;
    }
  }

  #graphs(definition: EnumTypeDefinitionNode): EnumTypeDefinitionNode {
    const { graph, name, original } = this.#copy;
    const values = (definition.values ?? []).flatMap((value): EnumValueDefinitionNode[] => {
      if (value.name.value !== original.graph) return [value];
      const directives = (value.directives ?? []).map((each) =>
        withArgument(each, { name: 'name', kind: Kind.STRING, value: name }),
      );
      return [value, { ...value, name: { kind: Kind.NAME, value: graph }, directives }];
    });
    return { ...definition, values };
  }

  #enum(definition: EnumTypeDefinitionNode): EnumTypeDefinitionNode {
    const values = (definition.values ?? []).map((value) => ({
      ...value,
      directives: this.#twice(value.directives),
    }));
    return { ...definition, directives: this.#twice(definition.directives), values };
  }

  #type(type: Composite): Composite {
    const name = type.name.value;
    const fields = type.fields ?? [];
    if (this.#otherRoots.has(name)) return type;
    if (name === this.#query) {
      // Each subgraph has one, if only for entities.
      const own = fields.map((field) => ({ ...field, directives: whereItIs(field, type) }));
      return { ...type, directives: this.#twice(type.directives), fields: own };
    }
    if (fields.some((field) => this.#moves(type, field))) {
      const given = fields.map((field) => ({ ...field, directives: this.#given(type, field) }));
      return { ...type, directives: this.#twice(type.directives), fields: given };
    }
    return {
      ...type,
      directives: this.#twice(type.directives, notEntered),
      fields: fields.map((field) => ({ ...field, directives: this.#returned(field) })),
    };
  }

  #moves(type: Composite, field: FieldDefinitionNode): boolean {
    return this.#copy.fields.has(fieldName(type.name.value, field.name.value));
  }

  /** Of a type that can be entered. */
  #given(type: Composite, field: FieldDefinitionNode): readonly ConstDirectiveNode[] {
    const isKey = this.#keys.has(field.name.value);
    if (isKey && !isExplicit(field)) return field.directives ?? [];
    const directives = whereItIs(field, type);
    const own = directives.find((each) => each.name.value === 'join__field' && this.#isOwn(each));
    if (own === undefined) return directives;
    const moved = this.#moved(own);
    if (this.#moves(type, field)) return directives.map((each) => (each === own ? moved : each));
    return [...directives, isKey ? only(moved, plain) : asExternal(moved)];
  }

  /** Of a type that may only be returned. */
  #returned({ directives = [] }: FieldDefinitionNode): readonly ConstDirectiveNode[] {
    return directives.flatMap((each) => {
      if (each.name.value !== 'join__field' || !this.#isOwn(each)) return [each];
      const isPlain = (each.arguments ?? []).every(({ name }) => plain.has(name.value));
      return [each, isPlain ? this.#moved(each) : asExternal(this.#moved(each))];
    });
  }

  /** The original's directives, and those of the copy. */
  #twice(
    directives: Directives,
    change = (directive: ConstDirectiveNode) => directive,
  ): ConstDirectiveNode[] {
    return (directives ?? []).flatMap((each) =>
      this.#isOwn(each) ? [each, change(this.#moved(each))] : [each],
    );
  }

  #isOwn(directive: ConstDirectiveNode): boolean {
    return textOf(directive, 'graph') === this.#copy.original.graph;
  }

  #moved(directive: ConstDirectiveNode): ConstDirectiveNode {
    return withArgument(directive, { name: 'graph', kind: Kind.ENUM, value: this.#copy.graph });
  }
}

const isExplicit = ({ directives = [] }: FieldDefinitionNode): boolean =>
  directives.some(({ name }) => name.value === 'join__field');

/** A field that says of no subgraph that it is there is in all that have the type. */
function whereItIs(field: FieldDefinitionNode, type: Composite): readonly ConstDirectiveNode[] {
  const { directives = [] } = field;
  if (isExplicit(field)) return directives;
  const graphs = (type.directives ?? []).flatMap((each) =>
    each.name.value === 'join__type' ? (textOf(each, 'graph') ?? []) : [],
  );
  return [...directives, ...[...new Set(graphs)].map(joinField)];
}

const joinField = (graph: string): ConstDirectiveNode => ({
  kind: Kind.DIRECTIVE,
  name: { kind: Kind.NAME, value: 'join__field' },
  arguments: [argument({ name: 'graph', kind: Kind.ENUM, value: graph })],
});

type Given =
  | { readonly name: string; readonly kind: Kind.STRING | Kind.ENUM; readonly value: string }
  | { readonly name: string; readonly kind: Kind.BOOLEAN; readonly value: boolean };

const argument = ({ name, ...value }: Given): ConstArgumentNode => ({
  kind: Kind.ARGUMENT,
  name: { kind: Kind.NAME, value: name },
  value,
});

/** The directive with another value of an argument, or one more. */
const withArgument = (directive: ConstDirectiveNode, given: Given): ConstDirectiveNode => ({
  ...directive,
  arguments: [
    ...(directive.arguments ?? []).filter(({ name }) => name.value !== given.name),
    argument(given),
  ],
});

const only = (directive: ConstDirectiveNode, names: ReadonlySet<string>): ConstDirectiveNode => ({
  ...directive,
  arguments: (directive.arguments ?? []).filter(({ name }) => names.has(name.value)),
});

const asExternal = (directive: ConstDirectiveNode): ConstDirectiveNode =>
  withArgument(only(directive, new Set(['graph', 'type'])), {
    name: 'external',
    kind: Kind.BOOLEAN,
    value: true,
  });

/** Of `@join__type` with a key. */
const notEntered = (directive: ConstDirectiveNode): ConstDirectiveNode =>
  textOf(directive, 'key') === undefined
    ? directive
    : withArgument(directive, { name: 'resolvable', kind: Kind.BOOLEAN, value: false });
