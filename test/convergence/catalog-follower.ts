import { Buffer } from 'node:buffer';
import {
  asConnectionId,
  asTenantId,
  evolveCatalog,
  judgeAbsence,
  judgeCatalog,
  productHash,
  type CatalogHead,
  type ProductContent,
  type SeenState,
} from '@tributary/domain';
import {
  CATALOG_POLL_SETTINGS,
  nextCatalogMove,
  readWebhook,
  resumeCatalog,
  shopRequest,
  takeCatalogReply,
  takeKnownItems,
  takeKnownVariations,
  takeLookups,
  type CatalogFact,
  type CatalogMove,
  type CatalogState,
  type CatalogStep,
  type ShopKeys,
  type ShopKnowledge,
  type ShopReply,
  type ShopRequest,
} from '@tributary/sources';
import type { Crash } from './follower.js';
import type { World } from './world.js';

const LOOK_AGAIN_AFTER_MS = 6_000;
const PUT_OFF_MS = 600_000;
const UNIT = 'kg';
const MAX_STEPS = 5_000;
const ACCESS = { restRoot: 'https://shop.example/wp-json/', authentication: 'basic' } as const;

export interface CatalogFollowerOptions {
  readonly keys: ShopKeys;
  readonly pageRows: number;
  readonly ask: (request: ShopRequest) => ShopReply;
  readonly world: World;
}

class Crashed extends Error {}

/** Our side of a shop's products, in one process and on a virtual clock: what is published, its fold, look-ups, and a poller that may die. */
export class CatalogFollower {
  readonly heads = new Map<string, CatalogHead>();
  readonly failures: string[] = [];
  published = 0;
  private readonly lookups = new Map<string, number>();
  private kept: string | null = null;
  private steps = 0;
  private crashes: readonly Crash[] = [];

  constructor(private readonly options: CatalogFollowerOptions) {}

  get openLookups(): number {
    return this.lookups.size;
  }

  crashAt(crashes: readonly Crash[]): void {
    this.crashes = crashes;
  }

  /** A webhook as it reached us. A deletion is looked up, never believed. */
  receive(headers: Readonly<Record<string, string>>, body: string): void {
    const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    const reading = readWebhook({ rawBody: Buffer.from(body), headers: lower, receivedAt: this.options.world.now(), defaultCountry: null });
    if (reading.kind === 'catalog') this.observe(reading.fact);
    if (reading.kind === 'catalog-deletion') this.lookUp(reading.item.id, 0);
  }

  /** Polls until nothing is due; answers when something is. A crash ends the turn; the next goes on from what was kept. */
  turn(): { readonly due: number; readonly isThrough: boolean } {
    const { world } = this.options;
    let state = resumeCatalog(this.kept === null ? null : (JSON.parse(this.kept) as unknown));
    try {
      for (let steps = 0; steps < MAX_STEPS; steps += 1) {
        const next = nextCatalogMove(state, this.shop, CATALOG_POLL_SETTINGS, world.now());
        if (next.move.kind === 'wait') return { due: next.move.until, isThrough: true };
        const step = this.answer(next.state, next.move);
        this.keep(step);
        state = step.state;
      }
    } catch (error) {
      if (!(error instanceof Crashed)) throw error;
      return { due: world.now() + 1_000, isThrough: false };
    }
    throw new Error(`a turn of ${MAX_STEPS} steps does not end: ${JSON.stringify(state)}`);
  }

  private get shop(): ShopKnowledge {
    const { pageRows, world } = this.options;
    return { pageRows, shopClock: world.now(), hasModifiedFilter: true, weightUnit: UNIT, customLists: [] };
  }

  private ids(isWanted: (content: ProductContent) => boolean): string[] {
    const known = [...this.heads.values()].filter(({ deletion }) => deletion === null);
    return known.filter(({ content }) => isWanted(content as ProductContent)).map(({ resourceId }) => resourceId);
  }

  private answer(state: CatalogState, move: Exclude<CatalogMove, { kind: 'wait' }>): CatalogStep {
    const { world, keys, ask } = this.options;
    switch (move.kind) {
      case 'ask-due-lookups': {
        const due = [...this.lookups].filter(([, at]) => at <= world.now()).map(([id]) => id);
        return takeLookups(state, due.length === 0 ? '' : 'product', due.slice(0, move.limit));
      }
      case 'ask-known-items': {
        const known = move.resource === 'product' ? this.ids(({ parentId, productId }) => parentId === '0' && productId > move.after) : [];
        return takeKnownItems(state, known.toSorted().slice(0, move.limit));
      }
      case 'ask-known-variations':
        return takeKnownVariations(
          state,
          this.ids(({ parentId }) => parentId === move.parentId),
        );
      case 'ask-shop': {
        const request = shopRequest(move.query, ACCESS, keys, { timestampSeconds: Math.floor(world.now() / 1_000), nonce: '' });
        const context = { shop: this.shop, settings: CATALOG_POLL_SETTINGS, now: world.now(), defaultCountry: null };
        return takeCatalogReply(state, ask(request), context);
      }
    }
  }

  private keep({ state, facts, absent, missing, served, putOff, findings }: CatalogStep): void {
    this.steps += 1;
    const crash = this.crashes.find(({ atStep }) => atStep === this.steps);
    for (const fact of crash === undefined ? facts : facts.slice(0, Math.round(crash.appended * facts.length))) this.observe(fact);
    if (crash !== undefined) throw new Crashed();
    for (const { resource, id, asOf } of absent) if (resource === 'product') this.absent(id, asOf);
    for (const { id } of served) this.lookups.delete(id);
    for (const { resource, id } of missing) if (resource === 'product') this.lookUp(id, 0);
    for (const { id } of putOff) this.lookups.set(id, this.options.world.now() + PUT_OFF_MS);
    for (const finding of findings) this.failures.push(JSON.stringify(finding));
    this.kept = JSON.stringify(state);
  }

  private lookUp(id: string, delayMs: number): void {
    const at = this.options.world.now() + delayMs;
    this.lookups.set(id, Math.min(this.lookups.get(id) ?? Number.POSITIVE_INFINITY, at));
  }

  private observe(fact: CatalogFact): void {
    if (fact.kind !== 'product') return;
    const content = { ...fact.content, weightUnit: UNIT };
    const deletion = content.status === 'trash' ? 'trashed' : null;
    this.publish(content, { asOf: fact.asOf, modifiedAt: fact.modifiedAt, contentHash: productHash(content), deletion });
  }

  private publish(content: ProductContent, state: SeenState): void {
    const head = this.heads.get(content.productId);
    const verdict = judgeCatalog(state, head, this.options.world.now());
    if (verdict === 'look-again') this.lookUp(content.productId, LOOK_AGAIN_AFTER_MS);
    if (verdict === 'publish') this.append(content, state);
  }

  private absent(id: string, asOf: number): void {
    const head = this.heads.get(id);
    const verdict = judgeAbsence(asOf, head);
    if (verdict === 'look-again') this.lookUp(id, LOOK_AGAIN_AFTER_MS);
    if (head === undefined || verdict !== 'publish') return;
    const { contentHash } = head.rank;
    this.append(head.content as ProductContent, { asOf, modifiedAt: asOf, contentHash, deletion: 'absent' });
  }

  private append(content: ProductContent, state: SeenState): void {
    this.published += 1;
    const before = this.heads.get(content.productId);
    const receivedAt = Math.max(this.options.world.now(), (before?.rank.observedAt ?? 0) + 1);
    const envelope = {
      eventId: String(this.published),
      tenantId: asTenantId('acme'),
      connectionId: asConnectionId('shop'),
      source: 'rest',
    };
    const event = { type: 'ProductObserved' as const, ...envelope, occurredAt: state.modifiedAt, receivedAt, ...content, ...state };
    this.heads.set(content.productId, evolveCatalog(before, event));
  }
}
