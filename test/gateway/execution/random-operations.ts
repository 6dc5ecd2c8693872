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

/** Operations over a schema whose arguments are all optional, or named in `values`. */
export function randomOperations(
  schema: GraphQLSchema,
  values: Readonly<Record<string, readonly string[]>>,
): fc.Arbitrary<RandomOperation> {
  return fc
    .record({ choices: fc.infiniteStream(fc.nat(1_000_000)), yes: fc.boolean(), no: fc.boolean() })
    .map(({ choices, yes, no }) => {
      const pick = (bound: number): number => Number(choices.next().value) % bound;
      const fields = selections(schema.getQueryType()!, 0, { schema, values, pick });
      return {
        query: `query($yes: Boolean!, $no: Boolean = false) { ${fields} }`,
        variables: no ? { yes, no } : { yes },
      };
    });
}

interface Draw {
  readonly schema: GraphQLSchema;
  readonly values: Readonly<Record<string, readonly string[]>>;
  readonly pick: (bound: number) => number;
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
  return `${alias(chosen, given)}${chosen.name}${given}${condition(draw)}${below}`;
}

/** Equal keys must mean equal fields of equal shape, so a key tells the field, its arguments and its type. */
function alias({ name, type }: GraphQLField<unknown, unknown>, given: string): string {
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
