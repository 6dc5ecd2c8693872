import {
  type ConstArgumentNode,
  type ConstDirectiveNode,
  type ConstValueNode,
  type DefinitionNode,
  Kind,
  type SchemaExtensionNode,
} from 'graphql';
import { didYouMean, type Mistakes } from '../mistakes/index.ts';
import { federationUrl, kafkaUrl, vocabularyDirectives, vocabularyTypes } from './definitions.ts';

const federationBase = federationUrl.replace(/v[\d.]+$/, '');
const kafkaBase = kafkaUrl.replace(/v[\d.]+$/, '');

/** Names that the SDL uses, as a link imports them: directives with `@`. */
export interface UsedNames {
  readonly federation: readonly string[];
  readonly kafka: readonly string[];
}

/**
 * The definitions with exactly one link to federation and one to the vocabulary, each importing what is used:
 * links of several files are joined, and missing ones added, so that a small subgraph needs none.
 */
export const withLinks = (
  definitions: readonly DefinitionNode[],
  used: UsedNames,
  mistakes: Mistakes,
): readonly DefinitionNode[] => {
  const links = definitions.flatMap(linksOf);
  for (const link of links) checkKafkaLink(link, mistakes);
  const extension: SchemaExtensionNode = {
    kind: Kind.SCHEMA_EXTENSION,
    directives: [
      joinedLink(federationUrl, links.filter(startsWith(federationBase)), used.federation),
      joinedLink(kafkaUrl, links.filter(startsWith(kafkaBase)), used.kafka),
    ],
  };
  return [extension, ...definitions.flatMap(withoutOurLinks)];
};

/** What the kafka links of the SDL import, with `@` before directives. */
export const importedWords = (definitions: readonly DefinitionNode[]): readonly string[] =>
  definitions
    .flatMap(linksOf)
    .filter(startsWith(kafkaBase))
    .flatMap(importsOf)
    .map((entry) => (entry.kind === Kind.STRING ? entry.value : ''));

/** Names under which the federation link imports something, and the local name of each. */
export const federationImports = (definitions: readonly DefinitionNode[]): ReadonlyMap<string, string> =>
  new Map(
    definitions.flatMap(linksOf).filter(startsWith(federationBase)).flatMap(importsOf).map(nameAndAlias),
  );

const linksOf = (definition: DefinitionNode): readonly ConstDirectiveNode[] =>
  definition.kind === Kind.SCHEMA_DEFINITION || definition.kind === Kind.SCHEMA_EXTENSION
    ? (definition.directives ?? []).filter((directive) => directive.name.value === 'link')
    : [];

const withoutOurLinks = (definition: DefinitionNode): readonly DefinitionNode[] => {
  if (definition.kind !== Kind.SCHEMA_DEFINITION && definition.kind !== Kind.SCHEMA_EXTENSION) {
    return [definition];
  }
  const directives = definition.directives?.filter(
    (directive) =>
      directive.name.value !== 'link' ||
      !(startsWith(federationBase)(directive) || startsWith(kafkaBase)(directive)),
  );
  const isEmpty = (directives ?? []).length === 0 && (definition.operationTypes ?? []).length === 0;
  return isEmpty ? [] : [{ ...definition, directives: directives ?? [] }];
};

const urlOf = (link: ConstDirectiveNode): string => {
  const value = argument(link, 'url')?.value;
  return value?.kind === Kind.STRING ? value.value : '';
};

const startsWith =
  (base: string) =>
  (link: ConstDirectiveNode): boolean =>
    urlOf(link).startsWith(base);

const argument = (directive: ConstDirectiveNode, name: string): ConstArgumentNode | undefined =>
  directive.arguments?.find((given) => given.name.value === name);

const importsOf = (link: ConstDirectiveNode): readonly ConstValueNode[] => {
  const value = argument(link, 'import')?.value;
  return value?.kind === Kind.LIST ? value.values : value === undefined ? [] : [value];
};

/** An entry of an import list is a name, or an object of `name` and `as`. */
const nameAndAlias = (entry: ConstValueNode): readonly [string, string] => {
  if (entry.kind === Kind.STRING) return [entry.value, entry.value];
  if (entry.kind !== Kind.OBJECT) return ['', ''];
  const text = (name: string): string | undefined => {
    const value = entry.fields.find((field) => field.name.value === name)?.value;
    return value?.kind === Kind.STRING ? value.value : undefined;
  };
  const name = text('name') ?? '';
  return [name, text('as') ?? name];
};

const joinedLink = (
  url: string,
  links: readonly ConstDirectiveNode[],
  used: readonly string[],
): ConstDirectiveNode => {
  const entries = links.flatMap(importsOf);
  const imported = new Map(entries.map((entry) => [nameAndAlias(entry)[0], entry]));
  for (const name of used) {
    if (!imported.has(name)) imported.set(name, { kind: Kind.STRING, value: name });
  }
  const [first] = links;
  const others = (first?.arguments ?? []).filter(
    ({ name }) => name.value !== 'url' && name.value !== 'import',
  );
  return {
    ...(first ?? { kind: Kind.DIRECTIVE, name: { kind: Kind.NAME, value: 'link' } }),
    arguments: [
      named('url', { kind: Kind.STRING, value: first === undefined ? url : urlOf(first) }),
      named('import', { kind: Kind.LIST, values: [...imported.values()] }),
      ...others,
    ],
  };
};

const named = (name: string, value: ConstValueNode): ConstArgumentNode => ({
  kind: Kind.ARGUMENT,
  name: { kind: Kind.NAME, value: name },
  value,
});

const checkKafkaLink = (link: ConstDirectiveNode, mistakes: Mistakes): void => {
  const url = urlOf(link);
  if (!url.startsWith(kafkaBase)) return;
  if (url !== kafkaUrl) {
    mistakes.add(argument(link, 'url') ?? link, `This release knows no ${url}.`, `Write "${kafkaUrl}".`);
  }
  const words = [
    ...[...vocabularyDirectives.keys()].map((name) => `@${name}`),
    ...[...vocabularyTypes.keys()].filter((name) => !name.startsWith('kafka__')),
  ];
  for (const entry of importsOf(link)) {
    const [name, alias] = nameAndAlias(entry);
    if (name !== alias) {
      mistakes.add(entry, `${name} cannot be renamed to ${alias}.`, `Import "${name}" under its own name.`);
    } else if (!words.includes(name)) {
      mistakes.add(
        entry,
        `The vocabulary has no ${name}.`,
        didYouMean(name, words, 'Remove it from the import.'),
      );
    }
  }
};
