import type { InputValueDefinitionNode } from 'graphql';
import type { FilterDescription, RecordField, TopicDescription } from '../description.ts';
import { didYouMean } from '../mistakes/index.ts';
import { expectedType, fits, heldBy } from './argument-types.ts';
import type { RuleContext } from './context.ts';
import { shapeOf, type TypeShape } from './model.ts';

/**
 * What an argument compares, by its name and type: `status` by equality, a list `status` or `statuses` by membership,
 * `atFrom` and `atBefore` a half-open range. Null, with a mistake, for one that matches no field or has another type.
 */
export const describeFilter = (
  context: RuleContext,
  coordinate: string,
  argument: InputValueDefinitionNode,
  topic: TopicDescription,
): FilterDescription | null => {
  const name = argument.name.value;
  const shape = shapeOf(argument.type);
  const match = matchField(name, shape, topic.fields);
  if (match === null) {
    const names = topic.fields.flatMap((field) => [field.name, `${field.name}From`, `${field.name}Before`]);
    context.mistakes.add(
      argument,
      `Argument "${name}" of ${coordinate} matches no record field of ${topic.type}.`,
      didYouMean(name, names, `Name it like a field, with From or Before for a range: ${fieldNames(topic)}.`),
    );
    return null;
  }
  const why = unfit(context, shape, match);
  if (why === null) return { argument: name, field: match.field.name, operator: match.operator };
  context.mistakes.add(argument.type, `Argument "${name}" of ${coordinate} ${why.what}.`, why.cure);
  return null;
};

const fieldNames = (topic: TopicDescription): string => topic.fields.map((field) => field.name).join(', ');

interface Match {
  readonly field: RecordField;
  readonly operator: FilterDescription['operator'];
}

const matchField = (name: string, shape: TypeShape, fields: readonly RecordField[]): Match | null => {
  const named = (wanted: string): RecordField | undefined => fields.find((field) => field.name === wanted);
  const exact = named(name);
  if (exact !== undefined) return { field: exact, operator: shape.item === null ? 'EQUAL' : 'IN' };
  if (shape.item !== null) {
    const singular = singularsOf(name)
      .map(named)
      .find((field) => field !== undefined);
    return singular === undefined ? null : { field: singular, operator: 'IN' };
  }
  const range = /^(.+)(From|Before)$/.exec(name);
  const field = named(range?.[1] ?? '');
  return field === undefined ? null : { field, operator: range?.[2] === 'From' ? 'FROM' : 'BEFORE' };
};

/** `kinds` lists values of `kind`, `statuses` of `status`, `entries` of `entry`. */
const singularsOf = (name: string): readonly string[] => [
  name.replace(/s$/, ''),
  name.replace(/es$/, ''),
  name.replace(/ies$/, 'y'),
];

const unorderable = new Set(['Boolean', 'ID']);

const unfit = (
  context: RuleContext,
  shape: TypeShape,
  { field, operator }: Match,
): { readonly what: string; readonly cure: string } | null => {
  const { type } = field;
  if (type.kind === 'list' || type.kind === 'object') {
    return {
      what: `compares with "${field.name}", which is ${heldBy(type)}`,
      cure: 'Filter by a scalar, an enum or an entity.',
    };
  }
  const isRange = operator === 'FROM' || operator === 'BEFORE';
  if (isRange && (type.kind !== 'scalar' || unorderable.has(type.name))) {
    return {
      what: `is a range of "${field.name}", and values of ${type.name} have no order`,
      cure: `Filter by equality: ${field.name}: ${expectedType(context, type)}.`,
    };
  }
  if (shape.item !== null && shape.item.item !== null) {
    return { what: 'is a list of lists', cure: `Write [${expectedType(context, type)}!].` };
  }
  if (fits(context, shape.name, type)) return null;
  const expected = expectedType(context, type);
  return {
    what: `has the type ${shape.name}, but "${field.name}" holds ${heldBy(type)}`,
    cure: `Write ${shape.item === null ? expected : `[${expected}!]`}.`,
  };
};
