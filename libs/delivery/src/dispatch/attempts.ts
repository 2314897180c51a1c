import { setTimeout as pause } from 'node:timers/promises';
import {
  attemptDelivery,
  attemptSettlesWithinMs,
  ledgerKey,
  nextStep,
  settleDelivery,
  type DeliveryOutcome,
  type LedgerChange,
  type LedgerEntry,
  type Moment,
  type VendorRequest,
} from '@tributary/domain';
import { failpoint, type Log } from '@tributary/telemetry';
import type { Credential, CredentialsStore } from '../credentials.store.js';
import type { OutboxPublisher } from '../outbox/outbox-publisher.js';
import type { OutboxRow } from '../outbox/outbox.store.js';
import type { DestinationInForce, DispatchPorts, EffectStore, Held, Move, Prepared, Vendor } from './dispatch.port.js';
import { isAnyWhereItWas, moveAfter } from './outcome-moves.js';
import { persistently } from './persistently.js';
import { fittingCount } from './request-batch.js';

export interface AttemptOptions {
  readonly owner: string;
  readonly isolationLeaseMs: number;
  /** True once the process ends: no waiting for tokens any more. */
  readonly isStopping: () => boolean;
}

/** `made`: the intents are durable and the request may leave; `unfit` did not fit into it and nothing was done about them. */
export type Attempt =
  | {
      readonly kind: 'made';
      readonly entries: readonly LedgerEntry[];
      readonly request: VendorRequest;
      readonly unfit: readonly Held[];
    }
  /** Nothing may leave; the credential's line waits for so long, null: no reason to wait. */
  | { readonly kind: 'held-back'; readonly waitMs: number | null; readonly letGo: readonly Held[] };

interface Part<Intent> {
  readonly intent: Intent;
  readonly entry: LedgerEntry;
  readonly move: Move;
}

const LEASE_MARGIN_MS = 5_000;
const NOT_SENT: DeliveryOutcome = {
  kind: 'transient',
  isThrottled: false,
  retryAfterMs: null,
  answer: { code: 'not-sent', message: 'it took too long to make the intent durable', requestId: null },
};

/** Makes intents durable before their request leaves: in Postgres, behind a token of the credential's slice, then in the topic. */
export class Attempts<Settings, Secrets, Intent extends Prepared> {
  constructor(
    private readonly destination: Vendor<Settings, Secrets, Intent>,
    private readonly store: EffectStore,
    private readonly credentials: CredentialsStore,
    private readonly publisher: OutboxPublisher,
    private readonly ports: DispatchPorts<Settings, Secrets, Intent>,
    private readonly options: AttemptOptions,
    private readonly log: Log,
  ) {}

  /** Records what is expired or can no longer be repeated; answers the rest. */
  async closeWhatIsOver(group: readonly Held[], settings: Settings): Promise<Held[]> {
    const open: Held[] = [];
    const closes: LedgerChange[] = [];
    const gone: string[] = [];
    for (const held of group) {
      const moment = this.moment();
      const step = nextStep(
        held.entry,
        this.destination.declaration,
        (plan, mode) => this.destination.expiryOf(plan, mode, settings, moment.nowMs),
        moment,
      );
      if (step.kind === 'attempt') open.push(held);
      else if (step.kind === 'close') closes.push(step.change);
      else gone.push(ledgerKey(held.entry.key));
    }
    if (gone.length > 0) await this.store.leaveQueue(gone);
    void this.publisher.publish(await this.store.commit(closes.map((change): Move => ({ change, queue: { kind: 'leave-queue' } }))));
    return open;
  }

  /** `isPart`: of a request that was refused; it waits for its token, because the search for the one at fault must go on. */
  async make(
    credential: Credential,
    ready: readonly Held[],
    prepared: ReadonlyMap<string, Intent>,
    inForce: DestinationInForce<Settings, Secrets>,
    isPart: boolean,
  ): Promise<Attempt> {
    const mode = ready[0]?.entry.key.mode ?? 'live';
    const toRequest = (some: readonly Intent[]): VendorRequest =>
      this.destination.toRequest(some, mode, inForce.settings, inForce.secrets, inForce.baseUrl);
    const bodies = ready.flatMap((held) => {
      const intent = prepared.get(ledgerKey(held.entry.key));
      return intent === undefined ? [] : [{ held, intent, body: toRequest([intent]).body }];
    });
    // A request is never larger than its events' own requests together.
    const count = fittingCount(
      bodies.map(({ body }) => Buffer.byteLength(body)),
      this.destination.declaration.maxRequestBytes,
    );
    const fitting = bodies.slice(0, count);
    const unfit = bodies.slice(count).map(({ held }) => held);
    const parts: Part<Intent>[] = [];
    for (const { held, intent, body } of fitting) parts.push(await this.intend(held, intent, body, inForce.version));
    const began = performance.now();
    const committed = await this.commitWithToken(
      credential,
      parts.map(({ move }) => move),
      isPart,
    );
    if (committed.kind === 'held-back') return { ...committed, letGo: ready };
    failpoint('dispatch.after-intent');
    // An intent that the log refuses must not leave; its effect is out of the queue until the log takes it.
    const refused = await this.publisher.publish(committed.rows);
    const keys = new Set(committed.rows.filter((row) => !refused.has(row.ledgerKey)).flatMap((row) => row.effects));
    const mine = parts.filter(({ entry }) => keys.has(ledgerKey(entry.key)));
    if (mine.length === 0) return { kind: 'held-back', waitMs: null, letGo: unfit };
    // A process that slept past its lease must not send: somebody else may have taken the effect over.
    if (performance.now() - began > LEASE_MARGIN_MS) {
      await this.giveUp(mine.map(({ entry }) => entry));
      return { kind: 'held-back', waitMs: null, letGo: unfit };
    }
    return { kind: 'made', unfit, entries: mine.map(({ entry }) => entry), request: toRequest(mine.map(({ intent }) => intent)) };
  }

  /** What an outcome makes of an attempted entry, and of its place in the queue. */
  settle(entry: LedgerEntry, outcome: DeliveryOutcome): Move {
    const { owner, isolationLeaseMs: leaseMs } = this.options;
    const moment = this.moment();
    return moveAfter(settleDelivery(entry, outcome, this.destination.declaration, moment), outcome, { owner, leaseMs }, moment.nowMs);
  }

  private moment(): Moment {
    return { nowMs: Date.now(), newEventId: () => this.ports.newEventId(), random: Math.random() };
  }

  /** Records that these attempts never left, unless somebody has taken them over meanwhile. */
  private async giveUp(entries: readonly LedgerEntry[]): Promise<void> {
    this.log.warn({ entries: entries.length }, 'the intent took longer than its lease allows: nothing was sent');
    const moves = entries.map((entry) => this.settle(entry, NOT_SENT));
    void this.publisher.publish(await persistently(() => this.store.commit(moves)));
  }

  private async intend({ entry, isAlone }: Held, intent: Intent, body: string, settingsVersion: number): Promise<Part<Intent>> {
    const { declaration } = this.destination;
    const leaseMs = Math.max(declaration.requestTimeoutMs + LEASE_MARGIN_MS * 2, attemptSettlesWithinMs(declaration));
    const eventId = this.ports.newEventId();
    const sealedRequest = await this.ports.seal(entry, intent, body, eventId);
    const moment = { ...this.moment(), newEventId: () => eventId };
    const matchKeys = this.destination.matchKeysOf?.(intent) ?? entry.plan?.matchKeys ?? [];
    const change = attemptDelivery(
      entry,
      {
        dueAt: moment.nowMs + leaseMs,
        settingsVersion,
        matchKeys,
        sealedUnder: intent.sealedUnder,
        sealedRequest,
        identity: this.destination.identityOf?.(intent) ?? null,
      },
      moment,
    );
    return { intent, entry: change.entry, move: { change, queue: { kind: 'lease', leaseMs, owner: this.options.owner, isAlone } } };
  }

  private async commitWithToken(
    credential: Credential,
    moves: readonly Move[],
    isPart: boolean,
  ): Promise<
    { readonly kind: 'committed'; readonly rows: readonly OutboxRow[] } | { readonly kind: 'held-back'; readonly waitMs: number | null }
  > {
    for (;;) {
      const rows = await this.store.commit(moves, this.credentials.token(credential));
      // Asked in this order: a token that was there and moved nothing is no refusal.
      if (rows.length > 0 || !isAnyWhereItWas(moves, await this.where(moves))) return { kind: 'committed', rows };
      const refusal = await this.credentials.refusal(credential);
      if (refusal.kind === 'parked') return { kind: 'held-back', waitMs: null };
      if (refusal.kind === 'breaker' || !isPart || this.options.isStopping()) return { kind: 'held-back', waitMs: refusal.waitMs };
      await pause(refusal.waitMs);
    }
  }

  private where(moves: readonly Move[]): Promise<LedgerEntry[]> {
    return this.store.find(moves.map(({ change: { entry } }) => ledgerKey(entry.key)));
  }
}
