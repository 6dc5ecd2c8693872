import type { DocumentNode, OperationDefinitionNode } from 'graphql';
import { parsePosition } from '../../schema/cursor/start.ts';
import { TributaryError } from '../../schema/errors.ts';
import type { ErrorLog } from '../errors.ts';
import type { GatewayLimits } from '../limits.ts';
import { newCounters, type SubscriptionCounters } from './counters.ts';
import {
  identityKey,
  type NormalisedOperation,
  normalise,
  operationVariables,
  withPosition,
} from './identity.ts';
import { SharedOperation } from './operation.ts';
import type { SubscriptionPlan, SubscriptionPlanner } from './plan.ts';
import { RingBudget } from './ring.ts';
import { type Outlet, type StartPosition, Subscriber } from './subscriber.ts';
import { SharedUpstream } from './upstream/shared.ts';
import { Slots } from './upstream/slots.ts';

/** A subscription that is valid for the planner's schema. */
export interface SubscribeRequest {
  readonly planner: SubscriptionPlanner;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** As the client sent them; valid for the operation. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** A position that comes beside the operation and goes before its own (S7); null without. */
  readonly position: string | null;
}

interface Upstream {
  readonly shared: SharedUpstream;
  readonly slots: Slots;
}

/** All live operations of a process, by identity. */
export class Subscriptions {
  readonly counters: SubscriptionCounters = newCounters();
  readonly #limits: GatewayLimits;
  readonly #logError: ErrorLog;
  readonly #budget: RingBudget;
  readonly #operations = new Map<string, SharedOperation>();
  readonly #upstreams = new Map<string, Upstream>();
  readonly #normalised = new WeakMap<OperationDefinitionNode, NormalisedOperation>();

  constructor(limits: GatewayLimits, logError: ErrorLog) {
    this.#limits = limits;
    this.#logError = logError;
    this.#budget = new RingBudget(limits.ringBytesTotal);
  }

  /**
   * Puts a client on the operation that it asks for. Throws CURSOR_INVALID for a position that cannot be read, and what
   * the planner throws; what happens later comes as an ending.
   */
  subscribe(request: SubscribeRequest, outlet: Outlet): Subscriber {
    const normalised = this.#normalise(request);
    const variables = operationVariables(normalised.operation, request.variables);
    const planOf: PlanOf = (document) =>
      request.planner.planSubscription({ document, operationName: normalised.name, variables });
    const position = startPosition(request, normalised, planOf);
    const key = identityKey(request.planner.id, normalised, variables);
    const operation = this.#operations.get(key) ?? this.#open(key, normalised, planOf(normalised.document));
    const resumes = request.position !== null && position?.kind === 'CURSOR';
    const subscriber = new Subscriber(operation, outlet, position, resumes);
    operation.join(subscriber);
    return subscriber;
  }

  /** Closes all upstream sockets. Clients are to be taken off before. */
  stop(): void {
    for (const { shared } of this.#upstreams.values()) shared.close();
  }

  /** The slot is taken in the same turn, so that a second client of the operation finds the first one's. */
  #open(key: string, { field }: NormalisedOperation, plan: SubscriptionPlan): SharedOperation {
    const { shared, slots } = this.#upstream(plan);
    const operation = new SharedOperation({
      field,
      plan,
      upstream: shared,
      slots,
      budget: this.#budget,
      limits: this.#limits,
      counters: this.counters,
      logError: this.#logError,
      onClosed: () => this.#operations.delete(key),
    });
    this.#operations.set(key, operation);
    return operation;
  }

  #upstream({ subgraph }: SubscriptionPlan): Upstream {
    const key = `${subgraph.name} ${subgraph.url}`;
    const known = this.#upstreams.get(key);
    if (known !== undefined) return known;
    if (!/^https?:$/.test(URL.parse(subgraph.url)?.protocol ?? '')) {
      throw new TributaryError(
        'SUBGRAPH_UNAVAILABLE',
        `Subgraph "${subgraph.name}" has no HTTP address in the supergraph: "${subgraph.url}".`,
      );
    }
    const limits = this.#limits;
    const upstream: Upstream = {
      shared: new SharedUpstream({
        subgraph: subgraph.name,
        url: subgraph.url,
        ackMs: limits.upstreamStartMs,
        pingMs: limits.upstreamPingMs,
        messageBytes: limits.upstreamMessageBytes,
        reconnectMs: limits.reconnectMs,
        onOpen: () => {
          this.counters.upstreamsOpened += 1;
        },
      }),
      slots: new Slots(limits.catchUpsPerSubgraph, limits.catchUpQueueMs),
    };
    this.#upstreams.set(key, upstream);
    return upstream;
  }

  /** Documents come from a cache of parsed texts, so most are normalised once. */
  #normalise({ planner, document, operation }: SubscribeRequest): NormalisedOperation {
    const known = this.#normalised.get(operation);
    if (known !== undefined) return known;
    const normalised = normalise(planner.apiSchema, document, operation);
    this.#normalised.set(operation, normalised);
    return normalised;
  }
}

type PlanOf = (document: DocumentNode) => SubscriptionPlan;

/** Where the client wants to begin; null: it does not say (S7). */
const startPosition = (
  request: SubscribeRequest,
  normalised: NormalisedOperation,
  planOf: PlanOf,
): StartPosition | null => {
  const { position, field } = normalised;
  const text = request.position ?? argumentText(request, position?.value ?? null);
  if (text === null) return null;
  const start = parsePosition(text);
  if (start.kind === 'LATEST') return { kind: 'LATEST' };
  if (start.kind === 'CURSOR') return { kind: 'CURSOR', text, cursor: start.cursor };
  if (position !== null) {
    return { kind: 'FROM', plan: planOf(withPosition(normalised, position.argument, text)) };
  }
  throw new TributaryError(
    'CURSOR_INVALID',
    `Field "${field}" has no argument of type Cursor, so it cannot begin at "${text}".`,
  );
};

const argumentText = (
  request: SubscribeRequest,
  value: NonNullable<NormalisedOperation['position']>['value'],
): string | null => {
  if (value === null || value.kind === 'NullValue') return null;
  const given =
    value.kind === 'Variable'
      ? variableValue(request, value.name.value)
      : 'value' in value
        ? value.value
        : null;
  if (given === null || given === undefined) return null;
  if (typeof given === 'string') return given;
  throw new TributaryError(
    'CURSOR_INVALID',
    'A position is a string: a cursor, EARLIEST, LATEST or an RFC 3339 time.',
  );
};

const variableValue = ({ operation, variables }: SubscribeRequest, name: string): unknown =>
  operationVariables(operation, variables)[name] ?? null;
