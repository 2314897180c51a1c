import { Buffer } from 'node:buffer';
import {
  asConnectionId,
  asksForReread,
  asSubjectId,
  asTenantId,
  evolveOrder,
  isDeletionUnconfirmed,
  statusOf,
  type OrderEvent,
  type OrderState,
} from '@tributary/domain';
import {
  importQuery,
  judge,
  nextMove,
  ordersOf,
  readWebhook,
  resumeImport,
  resumePoll,
  shopRequest,
  frontPageRequest,
  takeIds,
  takeImportPage,
  takeKnownCounts,
  takeReply,
  type ImportRange,
  type Judged,
  type Judgement,
  type KnownHead,
  type Move,
  type OrderFact,
  type PollSettings,
  type PollState,
  type PollStep,
  type ShopKeys,
  type ShopReply,
  type ShopRequest,
} from '@tributary/sources';
import type { World } from './world.js';

const TENANT = asTenantId('acme');
const CONNECTION = asConnectionId('shop');
const NOBODY = asSubjectId('00000000-0000-0000-0000-000000000000');
const PUT_OFF_MS = 600_000;
/** No shop of these tests is so large. */
const MAX_REQUESTS = 5_000;

/** Where the process of a poller ends, counted in steps from its start. */
export interface Crash {
  readonly atStep: number;
  /** Of what the step brought, this part was appended before the end: 0 nothing, 1 all of it. The state is not kept. */
  readonly appended: number;
}

export interface FollowerOptions {
  readonly storeUrl: string;
  readonly keys: ShopKeys;
  readonly settings: PollSettings;
  readonly ask: (request: ShopRequest) => ShopReply;
  readonly world: World;
  /** The heads are folded only at the end of each turn. */
  readonly areHeadsLate: boolean;
}

class Crashed extends Error {}

/**
 * Our side of a shop, in one process and on a virtual clock: the log, its fold, what is to be read again, and a poller whose state
 * survives it. The same pure functions as in the app; Postgres and Kafka are the fields of this class.
 */
export class Follower {
  readonly log: OrderEvent[] = [];
  readonly failures: string[] = [];
  requests = 0;
  /** The fold of the whole log. */
  readonly orders = new Map<string, OrderState>();
  /** What the poller sees of it. */
  private readonly heads = new Map<string, OrderState>();
  private folded = 0;
  private readonly rereads = new Map<string, { readonly ask: number; readonly dueAt: number }>();
  private asks = 0;
  private events = 0;
  private kept: string | null = null;
  private import: { readonly range: ImportRange; readonly kept: string | null } | null = null;
  private crashes: readonly Crash[] = [];
  private steps = 0;

  constructor(private readonly options: FollowerOptions) {}

  crashAt(crashes: readonly Crash[]): void {
    this.crashes = crashes;
  }

  get isImporting(): boolean {
    return this.import !== null;
  }

  get openRereads(): number {
    return this.rereads.size;
  }

  /** A webhook as it reached us: signed, of this shop. */
  receive(headers: Readonly<Record<string, string>>, body: string): void {
    const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    const reading = readWebhook({ rawBody: Buffer.from(body), headers: lower, receivedAt: this.options.world.now(), defaultCountry: null });
    if (reading.kind === 'order') this.append(this.observed(reading, 'webhook'));
    if (reading.kind === 'deletion') this.append({ type: 'OrderDeletionReported', ...this.envelope('webhook'), orderId: reading.orderId });
  }

  /** Polls until nothing is due; answers when something is. A crash or a failure ends the turn; the next goes on from what was kept. */
  turn(): { readonly due: number; readonly isThrough: boolean } {
    const { settings, storeUrl, world } = this.options;
    let state = resumePoll(this.kept === null ? null : (JSON.parse(this.kept) as unknown), storeUrl, settings.pageRows);
    const asks = new Map<string, number>();
    try {
      for (const first = this.requests; ;) {
        if (this.requests - first > MAX_REQUESTS)
          throw new Error(`a turn of ${MAX_REQUESTS} requests does not end: ${JSON.stringify(state)}`);
        const next = nextMove(state, settings, world.now());
        if (next.move.kind === 'wait') {
          if (this.importPage(state) === 'read') continue;
          return { due: next.move.until, isThrough: true };
        }
        const step = this.answer(next.state, next.move, asks);
        this.keep(step, asks);
        state = step.state;
        if (step.failure !== null) {
          this.failures.push(`${step.failure.kind} ${step.failure.detail}`);
          return { due: world.now() + settings.changesEveryMs, isThrough: false };
        }
      }
    } catch (error) {
      if (!(error instanceof Crashed)) throw error;
      return { due: world.now() + settings.changesEveryMs, isThrough: false };
    } finally {
      this.foldHeads();
    }
  }

  private answer(state: PollState, move: Exclude<Move, { kind: 'wait' }>, asks: Map<string, number>): PollStep {
    const { world, settings, keys, storeUrl } = this.options;
    switch (move.kind) {
      case 'ask-due-rereads': {
        const due = [...this.rereads].filter(([, { dueAt }]) => dueAt <= world.now()).slice(0, move.limit);
        for (const [orderId, { ask }] of due) asks.set(orderId, ask);
        return takeIds(
          state,
          due.map(([orderId]) => orderId),
        );
      }
      case 'ask-known-orders': {
        const { createdBefore } = move;
        const isWanted = ({ isVanished, observed }: OrderState): boolean =>
          !isVanished && (createdBefore === null || (observed?.createdAt ?? 0) < createdBefore);
        const known = [...this.heads.values()].filter(isWanted).map(({ orderId }) => orderId);
        return takeIds(
          state,
          known
            .filter((id) => id > move.after)
            .toSorted()
            .slice(0, move.limit),
        );
      }
      case 'ask-known-counts': {
        const counts: Record<string, number> = {};
        for (const head of this.heads.values()) {
          const isCounted = !head.isVanished && (move.createdFrom === 0 || (head.observed?.createdAt ?? -1) >= move.createdFrom);
          if (isCounted) counts[statusOf(head)] = (counts[statusOf(head)] ?? 0) + 1;
        }
        return takeKnownCounts(state, counts);
      }
      case 'ask-front-page':
        return this.take(state, frontPageRequest(storeUrl));
      case 'ask-shop': {
        const moment = { timestampSeconds: Math.floor(world.now() / 1_000), nonce: `n${this.requests}` };
        return this.take(state, shopRequest(move.query, move.access, keys, moment));
      }
    }
    throw new Error(`no answer to ${JSON.stringify(move)} with ${settings.pageRows} rows`);
  }

  /** Somebody asks for the shop's history; another asking takes the place of one that runs. */
  startImport(range: ImportRange): void {
    this.import = { range, kept: null };
  }

  /** A page of the import, when one runs and the last one did not just fail. */
  private importPage({ access, pageRows }: PollState): 'read' | 'nothing' {
    const job = this.import;
    if (job === null || access === null) return 'nothing';
    const { world, keys, ask } = this.options;
    const state = resumeImport(job.kept === null ? null : (JSON.parse(job.kept) as unknown), job.range, pageRows);
    this.requests += 1;
    const reply = ask(
      shopRequest(importQuery(state), access, keys, { timestampSeconds: Math.floor(world.now() / 1_000), nonce: `i${this.requests}` }),
    );
    const step = takeImportPage(state, job.range, reply, { now: world.now(), defaultCountry: null });
    const { rereads } = this.publish({ gone: [], glimpses: [], missing: [], orders: step.orders }, 'import');
    // An asking that came while the shop answered has taken its place.
    if (this.import === job) this.import = step.state === null ? null : { ...job, kept: JSON.stringify(step.state) };
    for (const { orderId, delayMs } of rereads) this.ask(orderId, delayMs);
    return step.failure === null ? 'read' : 'nothing';
  }

  private take(state: PollState, request: ShopRequest): PollStep {
    this.requests += 1;
    const reply = this.options.ask(request);
    return takeReply(state, reply, this.options.settings, { now: this.options.world.now(), defaultCountry: null });
  }

  private keep(step: PollStep, asks: ReadonlyMap<string, number>): void {
    const { world } = this.options;
    const { rereads } = this.publish(step, 'rest');
    this.kept = JSON.stringify(step.state);
    for (const orderId of step.served) if (this.rereads.get(orderId)?.ask === asks.get(orderId)) this.rereads.delete(orderId);
    for (const orderId of step.putOff) {
      const open = this.rereads.get(orderId);
      if (open !== undefined) this.rereads.set(orderId, { ...open, dueAt: world.now() + PUT_OFF_MS });
    }
    for (const { orderId, delayMs } of rereads) this.ask(orderId, delayMs);
  }

  private publish(step: Judged, source: string): Judgement {
    const { world } = this.options;
    this.steps += 1;
    const crash = this.crashes.find(({ atStep }) => atStep === this.steps);
    const heads = new Map(ordersOf(step).flatMap((orderId) => this.headOf(orderId)));
    const judgement = judge(step, heads, world.now());
    const events: OrderEvent[] = [
      ...judgement.publish.map(({ fact }) => this.observed(fact, source)),
      ...judgement.vanished.map((gone): OrderEvent => ({ type: 'OrderVanished', ...this.envelope('rest'), ...gone })),
    ];
    for (const event of events.slice(0, crash === undefined ? events.length : Math.round(events.length * crash.appended)))
      this.append(event);
    if (crash !== undefined) throw new Crashed('the process ended');
    return judgement;
  }

  private headOf(orderId: string): readonly (readonly [string, KnownHead])[] {
    const state = this.heads.get(orderId);
    if (state === undefined) return [];
    const { head: rank, isVanished, observed } = state;
    const known = { orderId, rank, isVanished, isObserved: observed !== null, isDeletionUnconfirmed: isDeletionUnconfirmed(state) };
    return [[orderId, { ...known, status: statusOf(state), total: observed?.total ?? null }]];
  }

  private ask(orderId: string, delayMs: number): void {
    this.asks += 1;
    const dueAt = Math.min(this.rereads.get(orderId)?.dueAt ?? Number.POSITIVE_INFINITY, this.options.world.now() + delayMs);
    this.rereads.set(orderId, { ask: this.asks, dueAt });
  }

  private append(event: OrderEvent): void {
    this.log.push(event);
    this.orders.set(event.orderId, evolveOrder(this.orders.get(event.orderId), event));
    if (!this.options.areHeadsLate) this.foldHeads();
  }

  /** What was appended is folded into what the poller sees. */
  foldHeads(): void {
    for (const event of this.log.slice(this.folded)) {
      const before = this.heads.get(event.orderId);
      if (asksForReread(before, event)) this.ask(event.orderId, 0);
      this.heads.set(event.orderId, evolveOrder(before, event));
    }
    this.folded = this.log.length;
  }

  private observed({ content, asOf, modifiedAt, contentHash, personalFields }: OrderFact, source: string): OrderEvent {
    const subjects = { email: null, phone: null, visitor: null, customer: null };
    const sealed = { subjects, sealedUnder: NOBODY, sealedPersonal: Buffer.alloc(0) };
    return { type: 'OrderObserved', ...this.envelope(source), ...content, asOf, modifiedAt, contentHash, personalFields, ...sealed };
  }

  private envelope(source: string) {
    this.events += 1;
    const now = this.options.world.now();
    return {
      eventId: String(this.events).padStart(12, '0'),
      tenantId: TENANT,
      connectionId: CONNECTION,
      occurredAt: now,
      receivedAt: now,
      source,
    };
  }
}
