import type { Alerts } from '@tributary/domain';
import {
  CATALOG_POLL_SETTINGS,
  nextCatalogMove,
  resumeCatalog,
  takeCatalogReply,
  takeKnownItems,
  takeKnownVariations,
  takeLookups,
  type CatalogContext,
  type CatalogMove,
  type CatalogState,
  type CatalogStep,
  type PollState,
  type ShopKnowledge,
  type ShopQuery,
  type ShopReply,
} from '@tributary/sources';
import type {
  CatalogHeads,
  CatalogLookups,
  CatalogPublisher,
  CatalogSighting,
  DueLookup,
  FactAppender,
  PollersStore,
  PollLease,
} from '@tributary/stream';
import { catalogFindingAlert, unreadableItemAlert } from './poll-alerts.js';
import { rejectedFact } from './poll.facts.js';
import type { PollMeters } from './poll.metrics.js';

export interface CatalogPorts {
  readonly store: PollersStore;
  readonly heads: CatalogHeads;
  readonly lookups: CatalogLookups;
  readonly publisher: CatalogPublisher;
  readonly appender: FactAppender;
  readonly alerts: Alerts;
  readonly meters: PollMeters;
}

/** One shop's turn, as far as its catalog needs it. */
export interface CatalogTurn {
  readonly lease: PollLease;
  /** Postgres' clock, carried on by ours. */
  readonly now: () => number;
  readonly ask: (query: ShopQuery) => Promise<ShopReply>;
}

const PUT_OFF_MS = 600_000;
/** What is behind its head is read again when the shop's clock has surely passed it. */
const LOOK_AGAIN_AFTER_MS = 6_000;

/**
 * A shop's catalog, in the time that its orders leave: one request, what it brought made durable, the state kept; the orders are asked
 * for in between.
 */
export class CatalogPolling {
  private state: CatalogState;
  private readonly asks = new Map<string, DueLookup>();

  constructor(
    private readonly ports: CatalogPorts,
    private readonly turn: CatalogTurn,
  ) {
    this.state = resumeCatalog(turn.lease.catalog);
  }

  /** Does what is due next, one request at most; answers when something is due, on our clock, once nothing is. */
  async advance(orders: PollState): Promise<{ readonly idleUntil: number | null }> {
    const shop = knowledgeOf(orders, this.turn.lease);
    if (shop === null) return { idleUntil: Number.POSITIVE_INFINITY };
    const { state, move } = nextCatalogMove(this.state, shop, CATALOG_POLL_SETTINGS, this.turn.now());
    if (move.kind === 'wait') return { idleUntil: move.until };
    await this.keep(await this.step(state, move, shop));
    return { idleUntil: null };
  }

  private async step(state: CatalogState, move: Exclude<CatalogMove, { kind: 'wait' }>, shop: ShopKnowledge): Promise<CatalogStep> {
    const { heads, lookups } = this.ports;
    const { lease, now, ask } = this.turn;
    switch (move.kind) {
      case 'ask-due-lookups': {
        const due = await lookups.due(lease, move.limit);
        this.asks.clear();
        for (const lookup of due) this.asks.set(lookup.id, lookup);
        return takeLookups(
          state,
          due[0]?.resource ?? '',
          due.map(({ id }) => id),
        );
      }
      case 'ask-known-items':
        return takeKnownItems(state, await heads.idsAfter(lease, move.resource, move.after, move.limit));
      case 'ask-known-variations':
        return takeKnownVariations(state, await heads.variationsOf(lease, move.parentId));
      case 'ask-shop': {
        const reply = await ask(move.query);
        const context: CatalogContext = { shop, settings: CATALOG_POLL_SETTINGS, now: now(), defaultCountry: lease.defaultCountry };
        return takeCatalogReply(state, reply, context);
      }
    }
  }

  /** Everything a step brought becomes durable, and only then the state that says so is kept. */
  private async keep({ state, facts, absent, unreadable, missing, served, putOff, findings }: CatalogStep): Promise<void> {
    const { publisher, lookups, appender, store, meters } = this.ports;
    const { lease, now } = this.turn;
    const receivedAt = now();
    const sighting: CatalogSighting = { shop: lease, source: 'rest', receivedAt };
    const [seen, gone] = await Promise.all([
      publisher.observe(sighting, facts),
      publisher.absent(sighting, absent),
      ...unreadable.map(({ resource, refusal, row }) =>
        appender.append(rejectedFact(lease, { refusal, row }, receivedAt, `${resource}.read`)),
      ),
    ]);
    meters.catalog(facts.length, seen.published + gone.published);
    await lookups.served(
      lease,
      served.flatMap(({ id }) => this.asks.get(id) ?? []),
    );
    await lookups.ask(lease, missing);
    await lookups.ask(lease, [...seen.lookAgain, ...gone.lookAgain], LOOK_AGAIN_AFTER_MS);
    await lookups.putOff(lease, putOff, PUT_OFF_MS);
    for (const finding of findings) await this.tell(catalogFindingAlert(lease, finding));
    const [first] = unreadable;
    if (first !== undefined) await this.tell({ open: unreadableItemAlert(lease, first) });
    await store.keepCatalog(lease, state);
    this.state = state;
  }

  private async tell(change: ReturnType<typeof catalogFindingAlert>): Promise<void> {
    const { tenantId, connectionId } = this.turn.lease;
    if ('open' in change) await this.ports.alerts.open(change.open);
    else await this.ports.alerts.close(tenantId, connectionId, change.close);
  }
}

/** Null until the orders were looked at once. */
function knowledgeOf({ shopClock, pageRows, hasModifiedFilter, access }: PollState, { settings }: PollLease): ShopKnowledge | null {
  if (shopClock === null || access === null) return null;
  const { weightUnit, polling } = settings;
  return { shopClock, pageRows, hasModifiedFilter: hasModifiedFilter === true, weightUnit, customLists: polling.resources };
}
