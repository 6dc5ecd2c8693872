import { type DocumentNode, Kind, visit } from 'graphql';

/** Which labels of `@override(label:)` hold for one request. */
export type Overrides = ReadonlyMap<string, boolean>;

/** Decides a label that is no percentage. */
export type DecideLabel = (label: string) => boolean;

const percentage = /^percent\((\d+(?:\.\d+)?)\)$/;

/** Labels of progressive overrides in a supergraph, sorted. */
export function overrideLabels(supergraph: DocumentNode): readonly string[] {
  const labels = new Set<string>();
  visit(supergraph, {
    Directive: ({ name, arguments: given }) => {
      if (name.value !== 'join__field') return;
      const label = given?.find((argument) => argument.name.value === 'overrideLabel')?.value;
      if (label?.kind === Kind.STRING) labels.add(label.value);
    },
  });
  return [...labels].sort();
}

/** Draws `percent(n)` anew for each request; asks `decide` for any other label. `random` gives 0 to below 1. */
export function chooseOverrides(
  labels: readonly string[],
  decide: DecideLabel = () => false,
  random: () => number = Math.random,
): Overrides {
  return new Map(
    labels.map((label) => {
      const percent = percentage.exec(label)?.[1];
      return [label, percent === undefined ? decide(label) : random() * 100 < Number(percent)];
    }),
  );
}
