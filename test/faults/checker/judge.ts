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

/** Told what one client wrote down, in its order. */
export interface Watch {
  connected?(at: number): void;
  /** The record is one that the topic has, and came once. */
  delivered(record: TopicRecord, receivedAt: number): void;
}

/** Judges all that one client wrote down. */
export class ClientJudge {
  readonly declaration: ClientDeclaration;
  readonly #stream: StreamJudge;
  readonly #watches: readonly Watch[];
  readonly #ended: string[] = [];
  #deliveries = 0;
  #connections = 0;
  readonly #errors: Record<string, number> = {};
  #interrupted = 0;

  constructor(declaration: ClientDeclaration, content: TopicContent, watches: readonly Watch[] = []) {
    this.declaration = declaration;
    this.#watches = watches;
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
      for (const watch of this.#watches) watch.connected?.(line.receivedAt);
    } else if ('failed' in line) {
      if (line.retryable) this.#interrupted += 1;
      else this.#ended.push(line.failed);
    } else {
      this.#deliveries += 1;
      for (const code of new Set(line.errors)) this.#errors[code] = (this.#errors[code] ?? 0) + 1;
      const record = this.#stream.take(line);
      if (record === null) return;
      for (const watch of this.#watches) watch.delivered(record, line.receivedAt);
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
