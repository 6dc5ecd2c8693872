import { ChangesJudge } from './changes.ts';
import { EventsJudge } from './events.ts';
import type { Faults, StreamJudge } from './faults.ts';
import type { ClientDeclaration, LogLine } from './format.ts';
import type { TopicContent, TopicRecord } from './topic.ts';

export interface ClientVerdict {
  readonly declaration: ClientDeclaration;
  readonly faults: Faults;
  readonly deliveries: number;
  readonly connections: number;
  /** Deliveries by the code of an error beside their data. */
  readonly errors: Readonly<Record<string, number>>;
  /** Ends by errors after which a client may come back, and after which it may not. */
  readonly interrupted: number;
  readonly given: readonly string[];
}

/** Judges all that one client wrote down. */
export class ClientJudge {
  readonly declaration: ClientDeclaration;
  readonly #stream: StreamJudge;
  readonly #delayed: (record: TopicRecord, receivedAt: number) => void;
  readonly #ended: string[] = [];
  #deliveries = 0;
  #connections = 0;
  readonly #errors: Record<string, number> = {};
  #interrupted = 0;
  #joinedAt = Number.POSITIVE_INFINITY;

  /** `delayed` is told each record that was written while the client was there, and when it came. */
  constructor(
    declaration: ClientDeclaration,
    content: TopicContent,
    delayed: (record: TopicRecord, receivedAt: number) => void,
  ) {
    this.declaration = declaration;
    this.#delayed = delayed;
    this.#stream =
      declaration.stream === 'EVENTS'
        ? new EventsJudge(declaration, content)
        : new ChangesJudge(declaration, content);
  }

  get complete(): boolean {
    return this.#stream.complete;
  }

  take(line: LogLine): void {
    if ('connected' in line) {
      this.#connections += 1;
      this.#joinedAt = Math.min(this.#joinedAt, line.receivedAt);
    } else if ('failed' in line) {
      if (line.retryable) this.#interrupted += 1;
      else this.#ended.push(line.failed);
    } else {
      this.#deliveries += 1;
      for (const code of new Set(line.errors)) this.#errors[code] = (this.#errors[code] ?? 0) + 1;
      const record = this.#stream.take(line);
      if (record !== null && record.writtenAt > this.#joinedAt) this.#delayed(record, line.receivedAt);
    }
  }

  verdict(): ClientVerdict {
    return {
      declaration: this.declaration,
      faults: this.#stream.finish(),
      deliveries: this.#deliveries,
      connections: this.#connections,
      errors: this.#errors,
      interrupted: this.#interrupted,
      given: this.#ended,
    };
  }
}
