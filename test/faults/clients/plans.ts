import type { ClientDeclaration, Transport } from '../checker/format.ts';
import type { Random } from '../random.ts';
import { topics } from '../system/system.ts';
import { accounts, branches, kinds } from '../writer.ts';
import type { ClientPlan } from './client.ts';

const entryText = (fields: string): string =>
  `subscription ($account: ID, $branch: ID, $kinds: [EntryKind!], $from: Cursor) {
    entries(account: $account, branch: $branch, kinds: $kinds, from: $from) { account seq kind ${fields} }
  }`;
const changeText = `subscription ($branch: ID) {
  accountChanges(branch: $branch) { kind key account { id seq branch { code name } } }
}`;

/** Filters of a stream: as the field's arguments, and as members of the record. */
interface Filter {
  readonly variables: Readonly<Record<string, unknown>>;
  readonly where: ClientDeclaration['where'];
}

export interface PlanOptions {
  readonly count: number;
  readonly random: Random;
  /** Where event streams begin that begin now. */
  readonly from: readonly number[];
  /** None comes late. */
  readonly allAtOnce: boolean;
}

export interface Plans {
  /** Join before the writer begins. */
  readonly first: readonly ClientPlan[];
  /** Join while it writes and things break: event streams from EARLIEST, and snapshots. */
  readonly late: readonly ClientPlan[];
}

/** Of each kind some over each transport: six in ten read events, one in eight comes late, one in thirty is slow. */
export function planClients({ count, random, from, allAtOnce }: PlanOptions): Plans {
  const plans = Array.from({ length: count }, (_, index) => {
    const transport: Transport = index % 2 === 0 ? 'ws' : 'sse';
    const client = `${transport}-${String(index).padStart(3, '0')}`;
    const isLate = !allAtOnce && index % 8 >= 6 && random.next() < 0.5;
    const plan =
      index % 10 < 6
        ? eventClient(
            { client, transport, from, isLate, isSlow: !allAtOnce && !isLate && index % 30 < 2 },
            random,
          )
        : changeClient({ client, transport }, random);
    return { plan, isLate };
  });
  return {
    first: plans.filter(({ isLate }) => !isLate).map(({ plan }) => plan),
    late: plans.filter(({ isLate }) => isLate).map(({ plan }) => plan),
  };
}

interface EventClient {
  readonly client: string;
  readonly transport: Transport;
  readonly from: readonly number[];
  readonly isLate: boolean;
  readonly isSlow: boolean;
}

const eventClient = (
  { client, transport, from, isLate, isSlow }: EventClient,
  random: Random,
): ClientPlan => {
  const { variables, where } = isSlow ? everything : eventFilter(random);
  return {
    declaration: {
      client,
      transport,
      operation: 'entries',
      topic: topics.entries,
      stream: 'EVENTS',
      where,
      from: isLate ? [] : from,
      slow: isSlow,
    },
    query: entryText(isSlow ? 'note' : 'branch { code name }'),
    variables: isLate ? { ...variables, from: 'EARLIEST' } : variables,
    patient: isSlow || random.next() < 0.5,
  };
};

const changeClient = (
  { client, transport }: { readonly client: string; readonly transport: Transport },
  random: Random,
): ClientPlan => {
  const { variables, where } = random.next() < 0.1 ? everything : branchFilter(random);
  const declaration = { client, transport, operation: 'accountChanges', topic: topics.accounts, where };
  return {
    declaration: { ...declaration, stream: 'CHANGES', from: [], slow: false },
    query: changeText,
    variables,
    patient: random.next() < 0.5,
  };
};

const everything: Filter = { variables: {}, where: {} };

const pick = (items: readonly string[], random: Random): string => items[random.below(items.length)] ?? '';

const branchFilter = (random: Random): Filter => {
  const branch = pick(branches, random);
  return { variables: { branch }, where: { branch: [branch] } };
};

const eventFilter = (random: Random): Filter => {
  const choice = random.next();
  if (choice < 0.05) return everything;
  if (choice < 0.5) return branchFilter(random);
  if (choice < 0.75) {
    const account = pick(accounts, random);
    return { variables: { account }, where: { account: [account] } };
  }
  const some = random.shuffled(kinds).slice(0, 1 + random.below(2));
  return { variables: { kinds: some }, where: { kind: some } };
};
