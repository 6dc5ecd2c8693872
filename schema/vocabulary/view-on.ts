import type { ViewDescription } from '../description.ts';
import { didYouMean } from '../mistakes/index.ts';
import { notKeyOf } from './argument-types.ts';
import { entityKeysOf, textsArgument } from './model.ts';
import type { ViewSite } from './view-site.ts';

/** The record fields that hold the parent's key; by default the only one that refers to the parent. */
export const describeOn = (site: ViewSite): ViewDescription['on'] => {
  const { parent, coordinate, node, topic } = site;
  const { model, mistakes } = site.context;
  const given = textsArgument(node, 'on');
  if (parent.name === model.roots.query) {
    if (given.length > 0) {
      mistakes.add(
        node,
        `${coordinate} has no parent whose key "on" could name.`,
        'Remove on, or filter by an argument.',
      );
    }
    return [];
  }
  const parentKey = entityKeysOf(parent)[0]?.fields ?? null;
  if (parentKey === null) {
    mistakes.add(
      node,
      `${coordinate} has @view, but ${parent.name} has no key by which its rows could be found.`,
      `Add @key to ${parent.name}, with fields of its own.`,
    );
    return [];
  }
  const references = topic.fields.filter(
    ({ type }) => type.kind === 'reference' && type.name === parent.name,
  );
  const names = given.length > 0 ? given : references.map(({ name }) => name);
  if (given.length === 0 && names.length !== 1) {
    mistakes.add(
      node,
      `${coordinate} does not say which field of ${topic.type} holds the key of ${parent.name}.`,
      names.length > 1
        ? `Write on: "${names[0]}"; ${topic.type} refers to ${parent.name} by ${names.join(', ')}.`
        : `Write on: with the record field of ${topic.type} that holds ${parent.name}.${parentKey.join(', ')}.`,
    );
    return [];
  }
  return pairWithKey(site, names, parentKey);
};

const pairWithKey = (
  { context, parent, coordinate, node, topic }: ViewSite,
  names: readonly string[],
  parentKey: readonly string[],
): ViewDescription['on'] => {
  const { mistakes } = context;
  const fields = topic.fields.map(({ name }) => name);
  const unknown = names.filter((name) => !fields.includes(name));
  for (const name of unknown) {
    mistakes.add(
      node,
      `on of ${coordinate} names "${name}", which is no record field of ${topic.type}.`,
      didYouMean(name, fields, `Name one of: ${fields.join(', ')}.`),
    );
  }
  if (unknown.length > 0) return [];
  if (names.length !== parentKey.length) {
    mistakes.add(
      node,
      `on of ${coordinate} names ${names.length} fields, but the key of ${parent.name} has ${parentKey.length}.`,
      `Name one field of ${topic.type} for each of: ${parentKey.join(', ')}.`,
    );
    return [];
  }
  const pairs = names.map((field, index) => ({ field, parentField: parentKey[index] ?? '' }));
  for (const { field, parentField } of pairs) {
    const held = topic.fields.find(({ name }) => name === field);
    const instead = held === undefined ? null : notKeyOf(context, held, parent.name, parentField);
    if (instead === null) continue;
    mistakes.add(
      node,
      `on of ${coordinate} names "${field}", which holds ${instead} and not ${parent.name}.${parentField}.`,
      `Name the field of ${topic.type} that holds it.`,
    );
  }
  return pairs;
};
