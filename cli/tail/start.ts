import { type ArgumentNode, type DocumentNode, Kind, parse, print } from 'graphql';
import { CommandFailure, exitCodes } from '../exit.ts';

/**
 * The operation as it is sent. `from` (a cursor, EARLIEST, LATEST, a time) becomes the argument `from` of its field, in
 * place of one that is there. Throws CommandFailure for what is no single subscription.
 */
export const operationFrom = (text: string, from: string | undefined): string => {
  const document = parsed(text);
  const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  const [operation] = operations;
  if (operation?.kind !== Kind.OPERATION_DEFINITION || operations.length !== 1)
    throw wrongOperation(`it has ${operations.length} operations`);
  if (operation.operation !== 'subscription') throw wrongOperation(`it is a ${operation.operation}`);
  if (from === undefined) return text;
  const argument: ArgumentNode = {
    kind: Kind.ARGUMENT,
    name: { kind: Kind.NAME, value: 'from' },
    value: { kind: Kind.STRING, value: from },
  };
  const selections = operation.selectionSet.selections.map((selection) =>
    selection.kind === Kind.FIELD
      ? {
          ...selection,
          arguments: [...(selection.arguments ?? []).filter(({ name }) => name.value !== 'from'), argument],
        }
      : selection,
  );
  const changed = { ...operation, selectionSet: { ...operation.selectionSet, selections } };
  const definitions = document.definitions.map((definition) =>
    definition === operation ? changed : definition,
  );
  return print({ ...document, definitions });
};

const parsed = (text: string): DocumentNode => {
  try {
    return parse(text);
  } catch (error) {
    throw wrongOperation(error instanceof Error ? error.message : String(error), error);
  }
};

const wrongOperation = (why: string, cause?: unknown): CommandFailure =>
  new CommandFailure(
    exitCodes.wrongUse,
    `tail follows one subscription, but ${why.replace(/\.$/, '')}. ` +
      "Write for example: tributary tail 'subscription { flightEvents { kind flight { id } } }'",
    { cause },
  );
