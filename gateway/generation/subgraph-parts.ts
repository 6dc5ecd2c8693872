import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  isTypeDefinitionNode,
  Kind,
  type TypeDefinitionNode,
} from 'graphql';
import { FieldSets, fieldName } from './field-sets.ts';
import { isComposite, namedType, textOf } from './supergraph-document.ts';

/** What is needed of a subgraph to ask it for some fields. */
export interface SubgraphPart {
  readonly types: ReadonlySet<string>;
  /** Such as `Post.rank`. */
  readonly fields: ReadonlySet<string>;
}

/** The subgraphs of a supergraph, to be asked for parts of them. */
export class SubgraphParts {
  readonly sets: FieldSets;
  readonly types: ReadonlyMap<string, TypeDefinitionNode>;
  readonly #implementers = new Map<string, string[]>();
  readonly #keys = new Map<string, ReadonlySet<string>>();

  constructor({ definitions }: DocumentNode) {
    const composites = definitions.filter(isComposite);
    this.sets = new FieldSets(new Map(composites.map((type) => [type.name.value, type])));
    this.types = new Map(definitions.filter(isTypeDefinitionNode).map((type) => [type.name.value, type]));
    for (const { name, directives = [] } of composites) {
      for (const each of directives) {
        if (each.name.value !== 'join__implements') continue;
        const key = `${textOf(each, 'graph')} ${textOf(each, 'interface')}`;
        this.#implementers.set(key, [...(this.#implementers.get(key) ?? []), name.value]);
      }
    }
  }

  /** Fields in keys of the subgraph, such as `Post.id`. */
  keysOf(graph: string): ReadonlySet<string> {
    let keys = this.#keys.get(graph);
    if (keys === undefined) {
      keys = new Set([...this.types.values()].flatMap((type) => this.keyFields(type, graph)));
      this.#keys.set(graph, keys);
    }
    return keys;
  }

  keyFields({ name, directives = [] }: TypeDefinitionNode, graph: string): readonly string[] {
    return directives.flatMap((each) => {
      const key = textOf(each, 'graph') === graph ? textOf(each, 'key') : undefined;
      return key === undefined ? [] : this.sets.fieldsIn(key, name.value);
    });
  }

  /** The types that an interface or union may be in the subgraph. */
  membersOf({ name, directives = [] }: TypeDefinitionNode, graph: string): readonly string[] {
    const members = directives.flatMap((each) =>
      textOf(each, 'graph') === graph ? (textOf(each, 'member') ?? []) : [],
    );
    return [...members, ...(this.#implementers.get(`${graph} ${name.value}`) ?? [])];
  }

  /** These fields, what they take, what their types have for keys, and all that lies below what they return. */
  partFor(graph: string, fields: ReadonlySet<string>): SubgraphPart {
    return new Finding(this, graph, fields);
  }
}

class Finding implements SubgraphPart {
  readonly types = new Set<string>();
  readonly fields = new Set<string>();
  readonly #whole = new Set<string>();
  readonly #parts: SubgraphParts;
  readonly #graph: string;

  constructor(parts: SubgraphParts, graph: string, asked: ReadonlySet<string>) {
    this.#parts = parts;
    this.#graph = graph;
    // What else there is of their types, is asked of the original.
    for (const name of asked) this.#whole.add(typeIn(name));
    for (const name of asked) {
      const type = typeIn(name);
      const field = this.#field(name);
      const own = field === undefined ? undefined : this.#ownOf(field);
      if (field === undefined || own === undefined) continue;
      this.#addType(type);
      this.#addField(name, field, own);
      this.#addNamed(this.#parts.sets.fieldsIn(textOf(own, 'requires') ?? '', type));
    }
  }

  /** Fields that a key or a `@requires` names: of objects that they return only what it names, too. */
  #addNamed(names: Iterable<string>): void {
    for (const name of names) {
      const type = typeIn(name);
      const field = this.#field(name);
      if (field === undefined || this.fields.has(name) || !this.#addType(type)) continue;
      const returned = this.#parts.types.get(namedType(field.type));
      if (returned?.kind === Kind.OBJECT_TYPE_DEFINITION) {
        this.fields.add(name);
        this.#addType(returned.name.value);
        this.#addArguments(field);
      } else {
        this.#addField(name, field, this.#ownOf(field));
      }
    }
  }

  #addField(name: string, field: FieldDefinitionNode, own: ConstDirectiveNode | undefined): void {
    this.fields.add(name);
    this.#addWhole(namedType(field.type));
    // What the subgraph has for it where that is narrower.
    const narrow = textOf(own, 'type')?.match(/\w+/)?.[0];
    if (narrow !== undefined) this.#addWhole(narrow);
    this.#addArguments(field);
  }

  #addArguments({ arguments: given = [] }: FieldDefinitionNode): void {
    for (const { type } of given) this.#addWhole(namedType(type));
  }

  #addWhole(name: string): void {
    const type = this.#parts.types.get(name);
    if (type === undefined || !this.#addType(name) || this.#whole.has(name)) return;
    this.#whole.add(name);
    for (const member of this.#parts.membersOf(type, this.#graph)) this.#addWhole(member);
    if (type.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) {
      for (const field of type.fields ?? []) this.#addWhole(namedType(field.type));
    }
    if (!isComposite(type)) return;
    for (const field of type.fields ?? []) {
      const own = this.#ownOf(field);
      if (own !== undefined || !isExplicit(field))
        this.#addField(fieldName(name, field.name.value), field, own);
    }
  }

  /** False where the subgraph does not have the type. */
  #addType(name: string): boolean {
    const type = this.#parts.types.get(name);
    if (type?.directives?.some((each) => this.#isOwn(each)) !== true) return false;
    if (this.types.has(name)) return true;
    this.types.add(name);
    this.#addNamed(this.#parts.keyFields(type, this.#graph));
    return true;
  }

  #field(name: string): FieldDefinitionNode | undefined {
    const owner = this.#parts.types.get(typeIn(name));
    if (owner === undefined || !isComposite(owner)) return undefined;
    return owner.fields?.find((each) => fieldName(owner.name.value, each.name.value) === name);
  }

  #ownOf({ directives = [] }: FieldDefinitionNode): ConstDirectiveNode | undefined {
    return directives.find((each) => each.name.value === 'join__field' && this.#isOwn(each));
  }

  #isOwn(directive: ConstDirectiveNode): boolean {
    return textOf(directive, 'graph') === this.#graph;
  }
}

const typeIn = (name: string): string => name.slice(0, name.indexOf('.'));

/** A field that says of no subgraph that it is there is in all that have the type. */
export const isExplicit = ({ directives = [] }: FieldDefinitionNode): boolean =>
  directives.some(({ name }) => name.value === 'join__field');
