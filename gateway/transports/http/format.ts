import type { GraphQLFormattedError } from 'graphql';
import type { DueEvent } from '../../subscriptions/index.ts';

/** How a stream that is no websocket looks on the wire. Parts are written one behind the other, shared bytes uncopied. */
export interface StreamFormat {
  readonly contentType: string;
  /** Leaves with the headers. */
  opening(): Buffer;
  readonly heartbeat: Buffer;
  event(event: DueEvent): readonly Buffer[];
  /** A cursor that moved without an event (S10); null where the format has no such thing. */
  progress(cursor: string): Buffer | null;
  /** Why there is no stream at all; the response ends behind it. */
  refused(errors: readonly GraphQLFormattedError[]): readonly Buffer[];
  /** The operation is over; null: completed. The response ends behind it. */
  ended(errors: readonly GraphQLFormattedError[] | null): readonly Buffer[];
  /** The gateway is about to stop; the response ends behind it. */
  drained(errors: readonly GraphQLFormattedError[]): readonly Buffer[];
}
