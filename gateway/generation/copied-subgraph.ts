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
import { fieldName } from './field-sets.ts';
import { isExplicit, type SubgraphPart } from './subgraph-parts.ts';
import { type Composite, isComposite, rootTypes, textOf } from './supergraph-document.ts';

/** A part of a subgraph that the planner takes for a subgraph of its own. */
export interface Copy {
  /** Its value of the enum of subgraphs. */
  readonly graph: string;
  readonly name: string;
  readonly original: { readonly graph: string; readonly name: string };
  /** The fields that it has in place of the original, such as `Post.rank`. */
  readonly fields: ReadonlySet<string>;
  /** What the copy needs of the original, for these fields. */
  readonly part: SubgraphPart;
  /** Fields in the keys of the original. */
  readonly keys: ReadonlySet<string>;
}

/**
 * The supergraph with a copy of a subgraph, in which these fields are. It can be entered where one of them is, and nowhere
 * else; what else there is of such a type are its keys, and fields that it may be given. Other types are there for what
 * the fields return: of a subgraph with hundreds of types, most are not.
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

const isPlain = ({ arguments: given = [] }: ConstDirectiveNode): boolean =>
  given.every(({ name }) => plain.has(name.value));

class Copying {
  readonly #copy: Copy;
  readonly #query: string | undefined;
  readonly #otherRoots: ReadonlySet<string>;

  constructor(supergraph: DocumentNode, copy: Copy) {
    this.#copy = copy;
    const { query, ...others } = Object.fromEntries(rootTypes(supergraph));
    this.#query = query;
    this.#otherRoots = new Set(Object.values(others));
  }

  definition(definition: DefinitionNode): DefinitionNode {
    if (!('name' in definition) || definition.name === undefined) return definition;
    const name = definition.name.value;
    if (name === 'join__Graph' && definition.kind === Kind.ENUM_TYPE_DEFINITION)
      return this.#graphs(definition);
    if (name === this.#query && isComposite(definition)) return this.#queryType(definition);
    if (!this.#copy.part.types.has(name)) return definition;
    switch (definition.kind) {
      case Kind.OBJECT_TYPE_DEFINITION:
      case Kind.INTERFACE_TYPE_DEFINITION:
        return this.#otherRoots.has(name) ? definition : this.#type(definition);
      case Kind.ENUM_TYPE_DEFINITION:
        return this.#enum(definition);
      case Kind.UNION_TYPE_DEFINITION:
      case Kind.SCALAR_TYPE_DEFINITION:
      case Kind.INPUT_OBJECT_TYPE_DEFINITION:
        return { ...definition, directives: this.#twice(definition.directives) };
      default:
        return definition;
    }
  }

  /** Each subgraph has one, if only for entities. */
  #queryType(type: Composite): Composite {
    const fields = (type.fields ?? []).map((field) =>
      isExplicit(field) ? field : { ...field, directives: whereItIs(field, type) },
    );
    return { ...type, directives: this.#twice(type.directives), fields };
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
    const fields = type.fields ?? [];
    if (fields.some((field) => this.#moves(type, field))) {
      const given = fields.map((field) => ({ ...field, directives: this.#given(type, field) }));
      return { ...type, directives: this.#twice(type.directives), fields: given };
    }
    return {
      ...type,
      directives: this.#twice(type.directives, notEntered),
      fields: fields.map((field) => ({ ...field, directives: this.#returned(type, field) })),
    };
  }

  #isThere(type: Composite, field: FieldDefinitionNode): boolean {
    return this.#copy.part.fields.has(fieldName(type.name.value, field.name.value));
  }

  #moves(type: Composite, field: FieldDefinitionNode): boolean {
    return this.#copy.fields.has(fieldName(type.name.value, field.name.value));
  }

  /** Of a type that can be entered. */
  #given(type: Composite, field: FieldDefinitionNode): readonly ConstDirectiveNode[] {
    if (!this.#isThere(type, field)) return whereItIs(field, type);
    const isKey = this.#copy.keys.has(fieldName(type.name.value, field.name.value));
    if (isKey && !isExplicit(field)) return field.directives ?? [];
    const directives = whereItIs(field, type);
    const own = directives.find((each) => each.name.value === 'join__field' && this.#isOwn(each));
    if (own === undefined) return directives;
    const moved = this.#moved(own);
    if (this.#moves(type, field)) return directives.map((each) => (each === own ? moved : each));
    return [...directives, isKey && isPlain(moved) ? moved : asExternal(moved)];
  }

  /** Of a type that may only be returned. */
  #returned(type: Composite, field: FieldDefinitionNode): readonly ConstDirectiveNode[] {
    if (!this.#isThere(type, field)) return whereItIs(field, type);
    return (field.directives ?? []).flatMap((each) => {
      if (each.name.value !== 'join__field' || !this.#isOwn(each)) return [each];
      const moved = this.#moved(each);
      return [each, isPlain(moved) ? moved : asExternal(moved)];
    });
  }

  /** The original's directives, and those of the copy. */
  #twice(
    directives: Directives,
    change = (directive: ConstDirectiveNode) => directive,
  ): ConstDirectiveNode[] {
    return (directives ?? []).flatMap((each) =>
      this.#isOwn(each) && this.#isNeeded(each) ? [each, change(this.#moved(each))] : [each],
    );
  }

  /** All but a type's `@join__implements` of an interface that is not there. */
  #isNeeded(directive: ConstDirectiveNode): boolean {
    const of = textOf(directive, 'interface');
    return of === undefined || this.#copy.part.types.has(of);
  }

  #isOwn(directive: ConstDirectiveNode): boolean {
    return textOf(directive, 'graph') === this.#copy.original.graph;
  }

  #moved(directive: ConstDirectiveNode): ConstDirectiveNode {
    return withArgument(directive, { name: 'graph', kind: Kind.ENUM, value: this.#copy.graph });
  }
}

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
