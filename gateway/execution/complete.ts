import { type Data, isData, ownValue } from './data.ts';
import type { Failures, SafeError } from './errors.ts';
import type { FieldShape, ValueShape } from './shape.ts';
import type { Weight } from './weight.ts';

/** What shaping one result needs and finds. */
export interface Completion {
  readonly failures: Failures;
  readonly problems: Problem[];
}

/** An error found while shaping. Its path is built from the inside out, so that a result without errors pays nothing. */
export interface Problem {
  readonly error: SafeError;
  readonly reversedPath: (string | number)[];
  /** True for a null that the type forbids: dropped when another error explains it. */
  readonly violation: boolean;
}

/** A null that its type forbids, on its way up to the next place that may be null. */
export const bubble = Symbol('bubble');

/** The client's answer for an object; `bubble` when a field that must not be null is null. */
export type CompleteObject = (data: Data, completion: Completion) => Data | typeof bubble;

/** The value of one field in the answer, or `bubble`. */
type CompleteField = (value: unknown, data: Data, completion: Completion) => unknown;

/** The same for a value that is there, whatever field it is of; null for one that its type cannot hold. */
type CompleteValue = (value: unknown, field: FieldShape, completion: Completion) => unknown;

/**
 * Compiles the fields of an object into a function that makes the answer from the merged data of all fetches:
 * https://spec.graphql.org/October2021/#CompleteValue()
 *
 * It is generated as JavaScript: a loop over the fields costs four times as much, since a literal with its keys in place
 * is one allocation, and each place in the code then meets objects of one form only. Names of the client stand in it as
 * JSON, never as code.
 */
export function compileObject(fields: readonly FieldShape[], weight: Weight): CompleteObject {
  const names: string[] = ['bubble', 'ownValue'];
  const values: unknown[] = [bubble, ownValue];
  const use = (name: string, value: unknown): string => {
    names.push(name);
    values.push(value);
    return name;
  };
  const statements = fields.map((field, index) => {
    const { value } = field;
    const name = `v${index}`;
    if (value.kind === 'typename' && value.name !== null)
      return `const ${name} = ${JSON.stringify(value.name)};`;
    const key = JSON.stringify(field.plannedKey);
    const read = field.inherited ? `ownValue(data, ${key})` : `data[${key}]`;
    const complete = use(`c${index}`, compileField(field));
    const careful = `${name} = ${complete}(${name}, data, completion); if (${name} === bubble) return bubble;`;
    if (value.kind !== 'leaf') return `let ${name} = ${read}; ${careful}`;
    const isPlain = value.leaf.isPlain(name, use(`n${index}`, value.leaf.names));
    return `let ${name} = ${read}; if (!(${isPlain})) { ${careful} }`;
  });
  // In brackets, since `__proto__: v` would set the prototype.
  const members = fields.map(({ key }, index) => `[${JSON.stringify(key)}]: v${index}`);
  const body = `return (data, completion) => { ${statements.join('\n')}\nreturn { ${members.join(', ')} }; };`;
  weight.add('function');
  weight.add('codeCharacter', body.length);
  return new Function(...names, body)(...values) as CompleteObject;
}

function compileField(field: FieldShape): CompleteField {
  const { value: shape, key } = field;
  if (shape.kind === 'typename') return () => shape.name ?? bubble;
  const complete = compileValue(shape);
  return (value, data, completion) => {
    const { problems } = completion;
    const before = problems.length;
    const completed =
      value === undefined
        ? completeMissing(field, complete, data, completion)
        : complete(value, field, completion);
    if (problems.length > before) extendPaths(problems, before, key);
    return completed;
  };
}

function completeMissing(
  field: FieldShape,
  complete: CompleteValue,
  data: Data,
  completion: Completion,
): unknown {
  const failure = completion.failures.at(data, field.plannedKey);
  if (failure === undefined) return complete(null, field, completion);
  if (!failure.quiet) completion.problems.push({ error: failure, reversedPath: [], violation: false });
  return field.value.nonNull ? bubble : null;
}

function compileValue(shape: ValueShape): CompleteValue {
  if (shape.kind === 'typename') return () => shape.name ?? bubble;
  const complete = compileNullable(shape);
  if (!shape.nonNull) {
    return (value, field, completion) =>
      value === null || value === undefined ? null : complete(value, field, completion);
  }
  return (value, field, completion) => {
    if (value !== null && value !== undefined) return complete(value, field, completion) ?? bubble;
    addProblem(completion, nullFor(field), true);
    return bubble;
  };
}

const nullFor = (field: FieldShape): string =>
  `Cannot return null for non-nullable field ${field.coordinate}.`;

/** For values that are neither null nor undefined. */
function compileNullable(shape: Exclude<ValueShape, { kind: 'typename' }>): CompleteValue {
  switch (shape.kind) {
    case 'leaf':
      return (value, field, completion) => {
        try {
          return shape.leaf.complete(value);
        } catch {
          return shape.leaf.isHidden(value)
            ? hidden(completion, field, shape.nonNull)
            : unfit(completion, field);
        }
      };
    case 'list':
      return compileList(shape.item);
    case 'object':
      return (value, field, completion) =>
        isData(value) ? bubbleToNull(shape.shape().complete(value, completion)) : unfit(completion, field);
    case 'abstract':
      return (value, field, completion) => {
        if (!isData(value)) return unfit(completion, field);
        const typename = typeof value.__typename === 'string' ? value.__typename : undefined;
        const inner = shape.shapeOf(typename);
        if (inner !== null) return bubbleToNull(inner.complete(value, completion));
        return typename !== undefined && shape.isHidden(typename)
          ? hidden(completion, field, shape.nonNull)
          : unfit(completion, field);
      };
    case 'introspection':
      return (value) => value;
  }
}

const bubbleToNull = (completed: Data | typeof bubble): Data | null =>
  completed === bubble ? null : completed;

function compileList(item: ValueShape): CompleteValue {
  const complete = compileValue(item);
  return (values, field, completion) => {
    if (!Array.isArray(values)) return unfit(completion, field);
    const { problems } = completion;
    const answer: unknown[] = [];
    for (let index = 0; index < values.length; index++) {
      const before = problems.length;
      const completed = complete(values[index], field, completion);
      if (problems.length > before) extendPaths(problems, before, index);
      if (completed === bubble) return null;
      answer.push(completed);
    }
    return answer;
  };
}

/** Of what is `@inaccessible`, clients see null; an error would tell that there is something. */
function hidden(completion: Completion, field: FieldShape, nonNull: boolean): null {
  if (nonNull) addProblem(completion, nullFor(field), true);
  return null;
}

/** The value is not told: clients need not see what was wrong inside. */
function unfit(completion: Completion, field: FieldShape): null {
  addProblem(
    completion,
    `A subgraph gave a value for ${field.coordinate} that its type does not allow.`,
    false,
  );
  return null;
}

function addProblem(completion: Completion, message: string, violation: boolean): void {
  completion.problems.push({
    error: { message, extensions: { code: 'SUBGRAPH_FAILED' } },
    reversedPath: [],
    violation,
  });
}

function extendPaths(problems: readonly Problem[], from: number, key: string | number): void {
  for (let index = from; index < problems.length; index++) problems[index]?.reversedPath.push(key);
}
