import {
  type ConstDirectiveNode,
  type ConstValueNode,
  type DirectiveDefinitionNode,
  type DocumentNode,
  Kind,
  print,
  specifiedDirectives,
  type TypeNode,
  visit,
} from 'graphql';
import { didYouMean, type Mistakes, oneOf } from '../mistakes/index.ts';
import { federationDirectives, vocabularyDirectives, vocabularyTypes } from './definitions.ts';
import { federationImports } from './links.ts';

/** Checks that directives are known, and that those of the vocabulary have the arguments that they are defined with. */
export const checkApplications = (document: DocumentNode, mistakes: Mistakes): void => {
  const known = knownDirectives(document);
  visit(document, {
    Directive: (node, _key, _parent, _path, ancestors) => {
      const name = node.name.value;
      const definition = vocabularyDirectives.get(name);
      if (definition !== undefined) {
        checkPlace(definition, node as ConstDirectiveNode, ancestors, mistakes);
        checkArguments(definition, node as ConstDirectiveNode, mistakes);
      } else if (!known.has(name) && !name.startsWith('federation__')) {
        mistakes.add(
          node,
          `There is no directive @${name}.`,
          didYouMean(
            `@${name}`,
            [...known].map((other) => `@${other}`),
            'Remove it, or define it.',
          ),
        );
      }
      return false;
    },
  });
};

const knownDirectives = (document: DocumentNode): ReadonlySet<string> =>
  new Set([
    'link',
    ...specifiedDirectives.map(({ name }) => name),
    ...vocabularyDirectives.keys(),
    ...federationDirectives,
    ...[...federationImports(document.definitions).values()].map((name) => name.replace('@', '')),
    ...document.definitions.flatMap((node) =>
      node.kind === Kind.DIRECTIVE_DEFINITION ? [node.name.value] : [],
    ),
  ]);

const places: Readonly<Record<string, string>> = {
  [Kind.OBJECT_TYPE_DEFINITION]: 'OBJECT',
  [Kind.OBJECT_TYPE_EXTENSION]: 'OBJECT',
  [Kind.FIELD_DEFINITION]: 'FIELD_DEFINITION',
};

const checkPlace = (
  definition: DirectiveDefinitionNode,
  node: ConstDirectiveNode,
  ancestors: readonly unknown[],
  mistakes: Mistakes,
): void => {
  const [wanted] = definition.locations;
  const holder = ancestors.findLast((ancestor) => !Array.isArray(ancestor));
  if (places[(holder as { readonly kind: string }).kind] === wanted?.value) return;
  mistakes.add(
    node,
    `@${node.name.value} belongs ${wanted?.value === 'OBJECT' ? 'to an object type' : 'to a field of an object type'}.`,
    'Move it there.',
  );
};

const checkArguments = (
  definition: DirectiveDefinitionNode,
  node: ConstDirectiveNode,
  mistakes: Mistakes,
): void => {
  const defined = new Map(definition.arguments?.map((argument) => [argument.name.value, argument.type]));
  const directive = `@${node.name.value}`;
  for (const given of node.arguments ?? []) {
    const name = given.name.value;
    const type = defined.get(name);
    if (type === undefined) {
      const all = [...defined.keys()];
      const fallback = all.length === 0 ? 'It has none: remove it.' : `It has: ${all.join(', ')}.`;
      mistakes.add(given, `${directive} has no argument "${name}".`, didYouMean(name, all, fallback));
      continue;
    }
    const cure = unfit(type, given.value);
    if (cure !== null) {
      mistakes.add(given.value, `${directive}(${name}:) cannot be ${print(given.value)}.`, cure);
    }
  }
  for (const [name, type] of defined) {
    if (type.kind !== Kind.NON_NULL_TYPE) continue;
    if (node.arguments?.some((given) => given.name.value === name)) continue;
    mistakes.add(node, `${directive} needs the argument "${name}".`, `Add ${name}: ${example(type.type)}.`);
  }
};

/** What to write instead of a value that the type does not take; null when it does. */
const unfit = (type: TypeNode, value: ConstValueNode): string | null => {
  if (type.kind === Kind.NON_NULL_TYPE) {
    return value.kind === Kind.NULL ? `Write ${example(type.type)}.` : unfit(type.type, value);
  }
  if (value.kind === Kind.NULL) return null;
  if (type.kind === Kind.LIST_TYPE) {
    if (value.kind !== Kind.LIST) return unfit(type.type, value);
    return value.values.map((item) => unfit(type.type, item)).find((cure) => cure !== null) ?? null;
  }
  const name = type.name.value;
  const values = enumValues(name);
  if (values !== null) {
    return value.kind === Kind.ENUM && values.includes(value.value) ? null : enumCure(value, values);
  }
  const kinds: Readonly<Record<string, Kind>> = { String: Kind.STRING, Int: Kind.INT, Boolean: Kind.BOOLEAN };
  return value.kind === kinds[name] ? null : `Write ${example(type)}.`;
};

const enumCure = (value: ConstValueNode, values: readonly string[]): string => {
  const list = `Write ${oneOf(values).replaceAll('"', '')}.`;
  if (value.kind === Kind.STRING && values.includes(value.value))
    return `Write ${value.value}, without quotes.`;
  return value.kind === Kind.ENUM ? didYouMean(value.value, values, list).replaceAll('"', '') : list;
};

const enumValues = (name: string): readonly string[] | null => {
  const definition = vocabularyTypes.get(name);
  return definition?.kind === Kind.ENUM_TYPE_DEFINITION
    ? (definition.values ?? []).map((value) => value.name.value)
    : null;
};

const example = (type: TypeNode): string => {
  if (type.kind !== Kind.NAMED_TYPE) return example(type.type);
  return (
    { String: 'a text in quotes', Int: 'a whole number', Boolean: 'true or false' }[type.name.value] ??
    'a name'
  );
};
