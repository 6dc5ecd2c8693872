import type { DocumentNode, OperationDefinitionNode } from 'graphql';
import { parsePosition } from '../../schema/cursor/start.ts';
import { TributaryError } from '../../schema/errors.ts';
import { type ErrorLog, refusal } from '../errors.ts';
import type { GatewayLimits } from '../limits.ts';
import { paced } from '../paced.ts';
import { ClientQuota } from '../policies/client-quota.ts';
import { newCounters, type SubscriptionCounters } from './counters.ts';
import { identityKey, type NormalisedOperation, normalise, operationVariables } from './identity.ts';
import { JoinBudget } from './join-budget.ts';
import { judgeMove } from './judge-move.ts';
import { SharedOperation } from './operation.ts';
import type { Upstream } from './operation-options.ts';

import type { SubscriptionPlan, SubscriptionPlanner } from './plan.ts';
import { RingBudget } from './ring.ts';
import type { StartPosition } from './start-position.ts';
import { type Outlet, Subscriber } from './subscriber.ts';
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
  /** Of the connection that the operation is on. */
  readonly quota: ClientQuota;
}

/** All live operations of a process, by identity. */
export class Subscriptions {
  readonly counters: SubscriptionCounters = newCounters();
  readonly #limits: GatewayLimits;
  readonly #logError: ErrorLog;
  readonly #budget: RingBudget;
  readonly #joinBudget: JoinBudget;
  readonly #operations = new Map<string, SharedOperation>();
  readonly #upstreams = new Map<string, Upstream>();
  readonly #normalised = new WeakMap<OperationDefinitionNode, NormalisedOperation>();
  /** The newest generation; null: the first one, which nobody named. */
  #planner: SubscriptionPlanner | null = null;
  #stopMoves: () => void = () => {};

  constructor(limits: GatewayLimits, logError: ErrorLog) {
    this.#limits = limits;
    this.#logError = logError;
    this.#budget = new RingBudget(limits.ringBytesTotal, this.counters);
    this.#joinBudget = new JoinBudget(limits.joinsBeside);
  }

  /**
   * Puts a client on the operation that it asks for. Throws CURSOR_INVALID for a position that cannot be read, and what
   * the planner throws; what happens later comes as an ending.
   */
  subscribe(request: SubscribeRequest, outlet: Outlet): Subscriber {
    const normalised = this.#normalise(request);
    const variables = operationVariables(normalised.operation, request.variables);
    const position = startPosition(request, normalised);
    const key = identityKey(normalised, variables);
    const operation =
      this.#current(key, request.planner) ?? this.#open(key, normalised, variables, request.planner);
    const resumes = request.position !== null && position?.kind === 'CURSOR';
    const subscriber = new Subscriber(operation, { outlet, position, resumes, quota: request.quota });
    operation.join(subscriber);
    return subscriber;
  }

  /**
   * Moves all operations to a generation, one by one over `generationMoveMs`; an operation that a new client asks for moves
   * at once, so that both share it (S15, S19). Subscriptions that come from now on must be valid for this planner.
   */
  adopt(planner: SubscriptionPlanner): void {
    this.#stopMoves();
    this.#planner = planner;
    const used = new Set([...this.#operations.values()].map(({ upstream }) => upstream));
    for (const [key, upstream] of this.#upstreams) {
      if (upstream.shared.idle && !used.has(upstream)) this.#upstreams.delete(key);
    }
    for (const operation of this.#operations.values()) operation.awaitMove();
    this.#stopMoves = paced(this.#operations, this.#limits.generationMoveMs, ([key, operation]) => {
      if (operation.planner !== planner && this.#operations.get(key) === operation)
        this.#move(key, operation, planner);
    });
  }

  /** What a client may have of catch-ups; one for as long as its connection. */
  newQuota(): ClientQuota {
    return new ClientQuota(this.#limits, this.counters);
  }

  /** Closes all upstream sockets. Clients are to be taken off before. */
  stop(): void {
    this.#stopMoves();
    for (const { shared } of this.#upstreams.values()) shared.close();
  }

  /** The operation with this key, if it goes on in the generation of the request. */
  #current(key: string, planner: SubscriptionPlanner): SharedOperation | undefined {
    const operation = this.#operations.get(key);
    if (operation !== undefined && operation.planner !== planner) this.#move(key, operation, planner);
    return this.#operations.get(key);
  }

  #move(key: string, operation: SharedOperation, planner: SubscriptionPlanner): void {
    try {
      const { normalised, variables } = operation;
      const judged = judgeMove(normalised, variables, operation.planner, planner);
      if (judged.kind === 'MOVES') {
        operation.move({ planner, plan: judged.plan });
        return;
      }
      this.#invalidate(key, operation, judged.reason);
    } catch (error) {
      const [shown] = refusal(error, this.#logError);
      this.#invalidate(key, operation, shown?.message ?? 'it cannot be planned.');
    }
  }

  /** At once, so that a new client of the same text gets an operation of its own. */
  #invalidate(key: string, operation: SharedOperation, reason: string): void {
    this.#operations.delete(key);
    operation.invalidate(reason);
  }

  /** The slot is taken in the same turn, so that a second client of the operation finds the first one's. */
  #open(
    key: string,
    normalised: NormalisedOperation,
    variables: Readonly<Record<string, unknown>>,
    planner: SubscriptionPlanner,
  ): SharedOperation {
    const { document, name } = normalised;
    const plan = planner.planSubscription({ document, operationName: name, variables });
    const operation = new SharedOperation({
      normalised,
      variables,
      planned: { planner, plan },
      upstreamOf: (plan) => this.#upstream(plan),
      budget: this.#budget,
      joinBudget: this.#joinBudget,
      limits: this.#limits,
      counters: this.counters,
      logError: this.#logError,
      onRefused: () => {
        const next = this.#planner;
        // One that was told its end is not known any more, and its key may be another one's.
        const isKnown = this.#operations.get(key) === operation;
        if (isKnown && next !== null && operation.planner !== next) this.#move(key, operation, next);
      },
      onClosed: () => {
        if (this.#operations.get(key) === operation) this.#operations.delete(key);
      },
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

/** Where the client wants to begin; null: it does not say (S7). */
const startPosition = (request: SubscribeRequest, normalised: NormalisedOperation): StartPosition | null => {
  const { position, field } = normalised;
  const text = request.position ?? argumentText(request, position?.value ?? null);
  if (text === null) return null;
  const start = parsePosition(text);
  if (start.kind === 'LATEST') return { kind: 'LATEST' };
  if (start.kind === 'CURSOR') return { kind: 'CURSOR', text, cursor: start.cursor };
  if (position !== null) return { kind: 'FROM', argument: position.argument, text };
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
