import {
  type DefinitionNode,
  type DirectiveNode,
  type DocumentNode,
  isTypeDefinitionNode,
  isTypeExtensionNode,
  Kind,
  type NamedTypeNode,
  print,
  visit,
} from 'graphql';
import { Mistakes } from '../mistakes/index.ts';
import type { SchemaSource } from '../source.ts';
import {
  connectionText,
  edgeText,
  federationDirectives,
  pageInfoText,
  parseDefinitions,
  vocabularyDirectives,
  vocabularyTypes,
} from './definitions.ts';
import { federationImports, importedWords, type UsedNames, withLinks } from './links.ts';
import { parseSources } from './parse-sources.ts';

export interface CompletedSdl {
  /** What `_service.sdl` returns; stock composition takes it. */
  readonly sdl: string;
  /** The same, with the places in the files. */
  readonly document: DocumentNode;
}

/**
 * The SDL of a subgraph with all that its author may leave out: the two links, the definitions of the vocabulary,
 * `XConnection`, `XEdge` and `PageInfo`. What the files define themselves stays as it is, so completing twice changes
 * nothing. Throws SCHEMA_INVALID for syntax errors and wrong links.
 */
export const completeSdl = (sources: readonly SchemaSource[]): CompletedSdl => {
  const mistakes = new Mistakes(sources);
  const parsed = parseSources(sources, mistakes);
  mistakes.throwIfAny();
  const document = completeDocument(parsed, mistakes);
  mistakes.throwIfAny();
  return { sdl: print(document), document };
};

/** The completion of a parsed document; wrong links are added to the mistakes. */
export const completeDocument = (parsed: DocumentNode, mistakes: Mistakes): DocumentNode => {
  const names = namesIn(parsed.definitions);
  const paging = pagingTypes(names);
  const all = namesIn([...parsed.definitions, ...paging]);
  const words = vocabularyOf(all, importedWords(parsed.definitions));
  const used: UsedNames = { federation: federationOf(all), kafka: words.imports };
  const imports = federationImports(parsed.definitions);
  const local = (name: string): string =>
    (
      imports.get(`@${name}`) ?? (used.federation.includes(`@${name}`) ? name : `federation__${name}`)
    ).replace('@', '');
  return {
    kind: Kind.DOCUMENT,
    definitions: [
      ...withLinks(parsed.definitions, used, mistakes),
      ...[...paging, ...words.definitions].map((definition) => withLocalNames(definition, local)),
    ],
  };
};

/** What the definitions name and what they define. */
interface Names {
  readonly types: ReadonlySet<string>;
  readonly objects: ReadonlySet<string>;
  readonly directives: ReadonlySet<string>;
  readonly usedTypes: ReadonlySet<string>;
  readonly usedDirectives: ReadonlySet<string>;
}

const namesIn = (definitions: readonly DefinitionNode[]): Names => {
  const usedTypes = new Set<string>();
  const usedDirectives = new Set<string>();
  visit(
    { kind: Kind.DOCUMENT, definitions },
    {
      NamedType: (node: NamedTypeNode) => void usedTypes.add(node.name.value),
      Directive: (node: DirectiveNode) => void usedDirectives.add(node.name.value),
    },
  );
  const types = definitions.filter((node) => isTypeDefinitionNode(node) || isTypeExtensionNode(node));
  const objects = types.filter(
    ({ kind }) => kind === Kind.OBJECT_TYPE_DEFINITION || kind === Kind.OBJECT_TYPE_EXTENSION,
  );
  const directives = definitions.filter((node) => node.kind === Kind.DIRECTIVE_DEFINITION);
  return {
    types: new Set(types.map(({ name }) => name.value)),
    objects: new Set(objects.map(({ name }) => name.value)),
    directives: new Set(directives.map(({ name }) => name.value)),
    usedTypes,
    usedDirectives,
  };
};

/** The connections that fields return without a definition, their edges, and PageInfo. */
const pagingTypes = ({ types, objects, usedTypes }: Names): readonly DefinitionNode[] => {
  const connected = [...usedTypes]
    .filter((name) => name.endsWith('Connection') && !types.has(name))
    .map((name) => name.slice(0, -'Connection'.length))
    .filter((name) => objects.has(name));
  const texts = connected.flatMap((name) => [
    connectionText(name),
    ...(types.has(`${name}Edge`) ? [] : [edgeText(name)]),
  ]);
  const needsPageInfo = (connected.length > 0 || usedTypes.has('PageInfo')) && !types.has('PageInfo');
  return [...texts, ...(needsPageInfo ? [pageInfoText] : [])].flatMap(parseDefinitions);
};

/** Directives and types of the vocabulary that are used or imported and not yet defined. */
const vocabularyOf = (
  names: Names,
  imported: readonly string[],
): { imports: readonly string[]; definitions: readonly DefinitionNode[] } => {
  const directives = [...vocabularyDirectives].filter(
    ([name]) =>
      !names.directives.has(name) && (names.usedDirectives.has(name) || imported.includes(`@${name}`)),
  );
  const inDirectives = namesIn(directives.map(([, definition]) => definition)).usedTypes;
  const types = [...vocabularyTypes].filter(
    ([name]) =>
      !names.types.has(name) &&
      (names.usedTypes.has(name) || inDirectives.has(name) || imported.includes(name)),
  );
  return {
    imports: [
      ...directives.map(([name]) => `@${name}`),
      ...types.map(([name]) => name).filter((name) => !name.startsWith('kafka__')),
    ],
    definitions: [...directives, ...types].map(([, definition]) => definition),
  };
};

const federationOf = ({ usedDirectives, directives }: Names): readonly string[] =>
  [...usedDirectives]
    .filter((name) => federationDirectives.has(name) && !directives.has(name))
    .sort()
    .map((name) => `@${name}`);

const withLocalNames = (definition: DefinitionNode, local: (name: string) => string): DefinitionNode =>
  visit(definition, {
    Directive: (node: DirectiveNode) => ({ ...node, name: { ...node.name, value: local(node.name.value) } }),
  });
