import { randomBytes } from 'node:crypto';
import { readSecretValues, type Alerts } from '@tributary/domain';
import type { ShopClient } from '@tributary/http';
import {
  frontPageRequest,
  merchantOwnOf,
  nextMove,
  pollSettings,
  resumePoll,
  retryDelayMs,
  shopRequest,
  takeIds,
  takeKnownCounts,
  takeReply,
  withChangesDue,
  woocommerceSecretsSchema,
  type Finding,
  type Move,
  type PollContext,
  type PollFailure,
  type PollSettings,
  type PollState,
  type PollStep,
  type ShopAccess,
  type ShopFacts,
  type ShopKeys,
  type ShopQuery,
  type ShopReply,
} from '@tributary/sources';
import type { DueReread, KnownHeads, PollersStore, PollLease } from '@tributary/stream';
import { failpoint } from '@tributary/telemetry';
import type { Vault } from '@tributary/vault';
import type { ImportPages } from '../importing/import.pipeline.js';
import { CatalogPolling, type CatalogPorts } from './catalog.turn.js';
import type { Attended, ShopCare } from '../shop-care/shop-care.js';
import type { OrderAppend } from './order-append.js';
import { FAILURE_ALERTS, FAILURES_UNTIL_ALERT, failureAlert, findingAlert } from './poll-alerts.js';
import type { PollMeters } from './poll.metrics.js';

export interface PollPorts {
  readonly store: PollersStore;
  readonly heads: KnownHeads;
  readonly orders: OrderAppend;
  readonly imports: ImportPages;
  readonly vault: Vault;
  readonly client: ShopClient;
  readonly care: ShopCare;
  readonly alerts: Alerts;
  readonly meters: PollMeters;
  readonly catalog: Pick<CatalogPorts, 'heads' | 'lookups' | 'publisher' | 'appender'>;
}

/** One shop's turn: so long that a long walk gets on, so short that every shop gets one. */
const TURN_MS = 20_000;
const JITTER = 0.1;
const PUT_OFF_MS = 600_000;

const daysOf = (history: number | 'all'): number | null => (history === 'all' ? null : history);

interface Turn {
  /** With what the shop said of itself in this turn. */
  lease: PollLease;
  readonly keys: ShopKeys;
  readonly settings: PollSettings;
  /** Postgres' clock, carried on by ours. */
  readonly now: () => number;
  /** Askings that were handed out in this turn. */
  readonly asks: Map<string, DueReread>;
}

/** What a shop said just now counts in this turn already: control tells everybody else a moment later. */
function knowing(lease: PollLease, facts: ShopFacts): PollLease {
  const settings = { ...lease.settings, fromShop: facts };
  return { ...lease, settings, own: merchantOwnOf(settings) };
}

/**
 * A shop's turn, from what is due to what is kept (before all that, once it is known how to ask: what the connection needs besides orders):
 * 1. `nextMove` says what to ask, of the shop or of our own tables
 * 2. `takeReply` reads the answer, `judge` compares it with the heads
 * 3. what is news is sealed and appended; only then
 * 4. the state is kept under the lease's fence, with what is to be read again
 * until nothing is due, something failed, or the turn is over. Where the orders leave time, the catalog is read, and an import gets a
 * page of the shop's history in.
 */
export class PollTurns {
  constructor(private readonly ports: PollPorts) {}

  async run(lease: PollLease, isStopping: () => boolean): Promise<void> {
    const keys = await this.keysOf(lease);
    if (keys === null) return this.ports.store.release(lease, { dueInMs: null, failures: 0, failure: null });
    const began = performance.now();
    const turn: Turn = {
      lease,
      keys,
      settings: pollSettings(lease.settings.polling.refreshIntervalSeconds * 1_000, daysOf(lease.settings.polling.historyDays)),
      now: () => lease.grantedAt + Math.round(performance.now() - began),
      asks: new Map(),
    };
    const { storeUrl } = lease.settings;
    let state = resumePoll(lease.state, storeUrl, turn.settings.pageRows);
    const before = state.changesEndedAt;
    const catalog = this.catalogOf(turn, () => state);
    let isAttended = false;
    for (;;) {
      if (state.access !== null && !isAttended) {
        isAttended = true;
        const { isGap, facts } = await this.attend(turn, state.access);
        if (isGap) state = withChangesDue(state);
        if (facts !== null) turn.lease = knowing(lease, facts);
      }
      const next = nextMove(state, turn.settings, turn.now());
      const isOver = isStopping() || performance.now() - began > TURN_MS;
      if (isOver) return this.endWell(turn, state, next.move.kind === 'wait' ? next.move.until - turn.now() : 0, 0);
      if (next.move.kind === 'wait') {
        const { idleUntil } = await catalog.advance(state);
        if (idleUntil === null) continue;
        // Only a shop of which nothing else is due is asked for its history.
        const importDueInMs = await this.ports.imports.page(turn, state);
        if (importDueInMs === 0) continue;
        const catalogDueInMs = Math.max(0, idleUntil - turn.now());
        return this.endWell(turn, state, next.move.until - turn.now(), Math.min(catalogDueInMs, importDueInMs ?? catalogDueInMs));
      }
      const step = await this.step(turn, next.state, next.move);
      await this.keep(turn, step);
      state = step.state;
      if (step.failure !== null) return this.endBadly(turn, step.failure, state.changesEndedAt === before ? lease.failures : 0);
    }
  }

  /** Asks the shop in the way that the orders found. */
  private catalogOf(turn: Turn, stateNow: () => PollState): CatalogPolling {
    const { catalog, store, alerts, meters } = this.ports;
    const ask = (query: ShopQuery): Promise<ShopReply> => {
      const { access } = stateNow();
      if (access === null) throw new Error('the catalog is read before anybody knows how the shop wants to be asked');
      return this.askShop(turn, query, access);
    };
    const catalogTurn = {
      get lease() {
        return turn.lease;
      },
      now: turn.now,
      ask,
    };
    return new CatalogPolling({ ...catalog, store, alerts, meters }, catalogTurn);
  }

  private attend(turn: Turn, access: ShopAccess): Promise<Attended> {
    const { lease, now } = turn;
    const { client, care } = this.ports;
    return care.attend({ lease, access, now, ask: (query) => this.askShop(turn, query, access), get: (request) => client.send(request) });
  }

  private askShop({ now, keys }: Turn, query: ShopQuery, access: ShopAccess): Promise<ShopReply> {
    const moment = { timestampSeconds: Math.floor(now() / 1_000), nonce: randomBytes(16).toString('hex') };
    return this.ports.client.send(shopRequest(query, access, keys, moment));
  }

  /** Null for a shop that only sends webhooks. */
  private async keysOf({ tenantId, connectionId, secretsVersion }: PollLease): Promise<ShopKeys | null> {
    const values = await this.ports.vault.getSecrets(tenantId, connectionId, secretsVersion);
    if (values === null) throw new Error('the connection’s secrets are not in the vault: apply its settings again');
    const { consumerKey, consumerSecret } = woocommerceSecretsSchema.parse(readSecretValues(values));
    return consumerKey === undefined || consumerSecret === undefined ? null : { consumerKey, consumerSecret };
  }

  private async step(turn: Turn, state: PollState, move: Exclude<Move, { kind: 'wait' }>): Promise<PollStep> {
    const { lease, settings } = turn;
    const context = (): PollContext => ({ now: turn.now(), defaultCountry: lease.defaultCountry });
    switch (move.kind) {
      case 'ask-due-rereads': {
        const due = await this.ports.store.dueRereads(lease, move.limit);
        for (const reread of due) turn.asks.set(reread.orderId, reread);
        return takeIds(
          state,
          due.map(({ orderId }) => orderId),
        );
      }
      case 'ask-known-orders':
        return takeIds(state, await this.ports.heads.idsAfter(lease, move.after, move.limit, move.createdBefore));
      case 'ask-known-counts':
        return takeKnownCounts(state, await this.ports.heads.countsByStatus(lease, move.createdFrom));
      case 'ask-front-page':
        return takeReply(state, await this.ports.client.send(frontPageRequest(lease.settings.storeUrl)), settings, context());
      case 'ask-shop':
        return takeReply(state, await this.askShop(turn, move.query, move.access), settings, context());
    }
  }

  /** Everything a step brought becomes durable, and only then the state that says so is kept. */
  private async keep({ lease, now, asks }: Turn, step: PollStep): Promise<void> {
    const { store, orders, meters } = this.ports;
    const judgement = await orders.append(lease, step, now(), 'rest');
    failpoint('poller.after-append');
    meters.step(lease, step, judgement);
    for (const finding of step.findings) await this.tellFinding(lease, finding);
    await store.keep(lease, {
      state: step.state,
      served: step.served.flatMap((orderId) => asks.get(orderId) ?? []),
      rereads: judgement.rereads,
      putOff: { orderIds: step.putOff, delayMs: PUT_OFF_MS },
    });
    failpoint('poller.after-keep');
  }

  private async tellFinding(lease: PollLease, finding: Finding): Promise<void> {
    const change = findingAlert(lease, finding);
    if (change === null) return;
    if ('open' in change) await this.ports.alerts.open(change.open);
    else await this.ports.alerts.close(lease.tenantId, lease.connectionId, change.close);
  }

  /** `sooner`: when something that needs no jitter is due, null when nothing is. */
  private async endWell({ lease, settings }: Turn, state: PollState, dueInMs: number, sooner: number | null = null): Promise<void> {
    const { alerts, meters, store } = this.ports;
    if (lease.failures > 0) for (const kind of FAILURE_ALERTS) await alerts.close(lease.tenantId, lease.connectionId, kind);
    meters.turnEnded(lease, state);
    const jitter = dueInMs <= 0 ? 0 : Math.random() * settings.changesEveryMs * JITTER;
    const usual = Math.max(0, dueInMs) + jitter;
    await store.release(lease, { dueInMs: Math.min(usual, sooner ?? usual), failures: 0, failure: null });
  }

  private async endBadly({ lease, settings }: Turn, failure: PollFailure, failuresBefore: number): Promise<void> {
    const { alerts, meters, store } = this.ports;
    const failures = failuresBefore + 1;
    meters.turnFailed(lease, failure);
    if (failures >= FAILURES_UNTIL_ALERT) await alerts.open(failureAlert(lease, failure));
    const dueInMs = retryDelayMs(failures, settings.changesEveryMs, failure.retryAfterMs, Math.random());
    await store.release(lease, { dueInMs, failures, failure: failure.kind });
  }
}
