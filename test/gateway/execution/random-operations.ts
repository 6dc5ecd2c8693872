import fc from 'fast-check';
import {
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from 'graphql';

export interface RandomOperation {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface RandomOperationOptions {
  /** Values of arguments, by their names; arguments without are left out, so they must be optional. `$n` is an Int. */
  readonly values: Readonly<Record<string, readonly string[]>>;
  /** Aliases that may clash with anything: many of the operations are not valid then. None by default. */
  readonly aliases?: readonly string[];
}

/** Operations over a schema. */
export function randomOperations(
  schema: GraphQLSchema,
  { values, aliases = [] }: RandomOperationOptions,
): fc.Arbitrary<RandomOperation> {
  return fc
    .record({
      choices: fc.infiniteStream(fc.nat(1_000_000)),
      yes: fc.boolean(),
      no: fc.boolean(),
      n: fc.nat(3),
    })
    .map(({ choices, yes, no, n }) => {
      const pick = (bound: number): number => Number(choices.next().value) % bound;
      const draw: Draw = { schema, values, aliases, pick, fragments: [] };
      const text = `{ ${selections(schema.getQueryType()!, 0, draw)} } ${draw.fragments.join(' ')}`;
      const uses = (name: string): boolean => new RegExp(`\\$${name}\\b`).test(text);
      const declared = Object.entries(declarations).filter(([name]) => uses(name));
      const head =
        declared.length === 0 ? '' : `(${declared.map(([, declaration]) => declaration).join(', ')})`;
      const given: Record<string, unknown> = no ? { yes, no, n } : { yes };
      return {
        query: `query${head} ${text}`,
        variables: Object.fromEntries(Object.entries(given).filter(([name]) => uses(name))),
      };
    });
}

const declarations = { yes: '$yes: Boolean!', no: '$no: Boolean = false', n: '$n: Int = 2' };

interface Draw extends Required<RandomOperationOptions> {
  readonly schema: GraphQLSchema;
  readonly pick: (bound: number) => number;
  /** Definitions of fragments that are spread somewhere. */
  readonly fragments: string[];
}

const maximumDepth = 4;

function selections(type: GraphQLCompositeType, depth: number, draw: Draw): string {
  const count = 1 + draw.pick(depth < 2 ? 3 : 2);
  const drawn = Array.from({ length: count }, () => selection(type, depth, draw));
  return [...drawn, ...(draw.pick(6) === 0 ? ['__typename'] : [])].join(' ');
}

function selection(type: GraphQLCompositeType, depth: number, draw: Draw): string {
  if (isUnionType(type) || (isAbstractType(type) && draw.pick(2) === 0)) {
    const members = draw.schema.getPossibleTypes(type);
    const member = members[draw.pick(members.length)]!;
    return `... on ${member.name}${condition(draw)} { ${selections(member, depth, draw)} }`;
  }
  if (draw.pick(20) === 0) {
    const name = `F${draw.fragments.length}`;
    // In its place before what it holds is drawn, which may have fragments of its own.
    const place = draw.fragments.push('') - 1;
    draw.fragments[place] = `fragment ${name} on ${type.name} { ${selections(type, depth, draw)} }`;
    return `...${name}${condition(draw)}`;
  }
  if (draw.pick(12) === 0) {
    const name =
      isObjectType(type) && draw.pick(2) === 0 ? (type.getInterfaces()[0]?.name ?? type.name) : type.name;
    const narrowed = draw.schema.getType(name);
    if (isCompositeType(narrowed))
      return `... on ${name}${condition(draw)} { ${selections(narrowed, depth, draw)} }`;
  }
  return field(type, depth, draw);
}

function field(
  type: Exclude<GraphQLCompositeType, { getTypes(): unknown }>,
  depth: number,
  draw: Draw,
): string {
  const all = Object.values(type.getFields());
  const fitting =
    depth < maximumDepth ? all : all.filter(({ type: of }) => !isCompositeType(getNamedType(of)));
  const chosen = fitting[draw.pick(Math.max(1, fitting.length))];
  if (chosen === undefined) return '__typename';
  const given = argumentsOf(chosen, draw);
  const inner = getNamedType(chosen.type);
  const below = isCompositeType(inner) ? ` { ${selections(inner, depth + 1, draw)} }` : '';
  return `${alias(chosen, given, draw)}${chosen.name}${given}${condition(draw)}${below}`;
}

/**
 * Equal keys must mean equal fields of equal shape, so a key tells the field, its arguments and its type; unless keys are
 * to clash: then the field's own name, or any alias.
 */
function alias(
  { name, type }: GraphQLField<unknown, unknown>,
  given: string,
  { aliases, pick }: Draw,
): string {
  if (aliases.length > 0) {
    const kind = pick(5);
    if (kind === 0) return `${aliases[pick(aliases.length)]}: `;
    if (kind < 4) return '';
  }
  const text = `${name}${given}${isNonNullType(type) ? 'N' : ''}${isListType(type) ? 'L' : ''}${getNamedType(type)}`;
  return `${text.replace(/\W/g, '_')}: `;
}

function argumentsOf({ args }: GraphQLField<unknown, unknown>, { values, pick }: Draw): string {
  const given = args.flatMap(({ name, type }) => {
    const possible = values[name];
    if (possible === undefined || (!isNonNullType(type) && pick(2) === 0)) return [];
    return [`${name}: ${possible[pick(possible.length)]}`];
  });
  return given.length === 0 ? '' : `(${given.join(', ')})`;
}

function condition({ pick }: Draw): string {
  const texts = ['@skip(if: $yes)', '@include(if: $yes)', '@include(if: $no)', '@skip(if: true)'];
  return pick(8) === 0 ? ` ${texts[pick(texts.length)]}` : '';
}
