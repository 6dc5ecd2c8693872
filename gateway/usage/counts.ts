import type { ClientIdentity } from './client.ts';
import type { OperationSignature } from './signature.ts';

interface Tally {
  count: number;
  errors: number;
  /** Milliseconds since 1970. */
  readonly first: number;
  last: number;
}

interface Entry extends Tally {
  readonly signature: OperationSignature;
  readonly client: ClientIdentity;
}

/** Fields that an entry may have on average: it bounds the memory, and what one interval writes. */
const fieldsPerEntry = 50;

/**
 * How often operations were used since the last `take`, by operation, client and version. Bounded: when there are as many
 * as may be, what is new is counted together, in one line without names.
 */
export class UsageCounts {
  readonly #maximum: number;
  #entries = new Map<string, Entry>();
  #fields = 0;
  #other: Tally | null = null;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  add(signature: OperationSignature, client: ClientIdentity, use: { failed: boolean; now: number }): void {
    const key = `${signature.hash}${client.name ?? ''}\n${client.version ?? ''}`;
    count(this.#entries.get(key) ?? this.#begin(key, signature, client, use.now), use);
  }

  /** What was counted, as JSON lines (docs/reference/usage.md); counting begins anew. */
  take(): readonly string[] {
    const lines = [...this.#entries.values()].map(({ signature, client, ...tally }) =>
      line({ type: 'operation', ...signature, client }, tally),
    );
    if (this.#other !== null) lines.push(line({ type: 'other' }, this.#other));
    this.#entries = new Map();
    this.#fields = 0;
    this.#other = null;
    return lines;
  }

  #begin(key: string, signature: OperationSignature, client: ClientIdentity, now: number): Tally {
    const begun = { count: 0, errors: 0, first: now, last: now };
    const fields = this.#fields + signature.fields.length;
    if (this.#entries.size >= this.#maximum || fields > this.#maximum * fieldsPerEntry) {
      this.#other ??= begun;
      return this.#other;
    }
    this.#fields = fields;
    const entry = { ...begun, signature, client };
    this.#entries.set(key, entry);
    return entry;
  }
}

const count = (tally: Tally, { failed, now }: { failed: boolean; now: number }): void => {
  tally.count += 1;
  if (failed) tally.errors += 1;
  tally.last = now;
};

/** Of the format: raised when a reader of today would misread a line of tomorrow. */
const version = 1;

const line = (what: Readonly<Record<string, unknown>>, { count, errors, first, last }: Tally): string =>
  JSON.stringify({
    v: version,
    ...what,
    count,
    errors,
    firstSeen: new Date(first).toISOString(),
    lastSeen: new Date(last).toISOString(),
  });
