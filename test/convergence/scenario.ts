import fc from 'fast-check';
import { isDeletionUnconfirmed, statusOf } from '@tributary/domain';
import { pollSettings, readOrderJson, type PollSettings } from '@tributary/sources';
import { WoocommerceShop } from '../simulators/woocommerce/woocommerce-shop.ts';
import { LostConnection } from '../simulators/woocommerce/rest/edge.ts';
import type { DeliveryResult, EventDelivery, ShopDelivery } from '../simulators/woocommerce/webhooks/delivery.ts';
import { Follower, type Crash } from './follower.js';
import { Hands, type Event } from './history.js';
import { World } from './world.js';

const BEGIN = Date.parse('2026-11-20T12:00:00Z');
const REQUEST_MS = 700;
const MAX_TURNS = 12;
/** Webhooks that a change in the last run announced. */
const QUEUE_RUNS = 3;

/** What becomes of a delivery: taken at once, on its way for a while, taken twice, refused, or lost although the shop thinks it arrived. */
export type Fate = { readonly kind: 'taken' | 'twice' | 'refused' | 'lost' } | { readonly kind: 'late'; readonly byMs: number };

export const fates: fc.Arbitrary<readonly Fate[]> = fc.oneof(
  fc.constant<readonly Fate[]>([{ kind: 'lost' }]),
  fc.constant<readonly Fate[]>([{ kind: 'refused' }]),
  fc.array(
    fc.oneof(
      fc.record({ kind: fc.constantFrom('taken' as const, 'twice' as const, 'refused' as const, 'lost' as const) }),
      fc.record({ kind: fc.constant('late' as const), byMs: fc.integer({ min: 0, max: 4_000_000 }) }),
    ),
    { minLength: 1, maxLength: 12 },
  ),
);

export interface ScenarioOptions {
  readonly version?: string;
  readonly storage?: 'hpos' | 'cpt';
  readonly utcOffsetMinutes?: number;
  readonly pageRows?: number;
  readonly settings?: Partial<PollSettings>;
  readonly fates?: readonly Fate[];
  readonly crashes?: readonly Crash[];
  readonly areHeadsLate?: boolean;
  /** Imports that somebody asks for meanwhile. */
  readonly imports?: readonly AskedImport[];
}

export interface AskedImport {
  readonly afterMs: number;
  /** Created at least so many days before, and less than so many. */
  readonly fromDays: number;
  readonly toDays: number;
}

export const imports: fc.Arbitrary<readonly AskedImport[]> = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 0, max: 600_000 }),
    fromDays: fc.integer({ min: 1, max: 1_000 }),
    toDays: fc.integer({ min: -1, max: 400 }),
  }),
  { maxLength: 3 },
);

const DAY_MS = 86_400_000;

const WEBHOOK_TOPICS = ['order.created', 'order.updated', 'order.deleted', 'order.restored'];

/** A shop, the network between, and us. */
export class Scenario {
  readonly world = new World(BEGIN);
  readonly shop: WoocommerceShop;
  readonly follower: Follower;
  readonly settings: PollSettings;
  private readonly hands: Hands;
  private deliveries = 0;
  /** While false, nothing of ours asks the shop. */
  private isPolled = true;

  constructor(options: ScenarioOptions = {}) {
    const { world } = this;
    const fates = options.fates ?? [];
    this.shop = new WoocommerceShop({
      now: () => world.now(),
      site: {
        homeUrl: 'https://shop.example',
        version: options.version ?? '11.0.1',
        storage: options.storage ?? 'hpos',
        utcOffsetMinutes: options.utcOffsetMinutes ?? -180,
      },
      deliver: (delivery) => this.deliver(delivery, fates),
    });
    if (fates.length > 0)
      for (const topic of WEBHOOK_TOPICS)
        this.shop.webhooks.create({ topic, deliveryUrl: 'https://us.example/hook', secret: 'a-secret-of-the-shop' });
    this.hands = new Hands(
      this.shop,
      () => world.now(),
      (ms, happen) => world.in(ms, happen),
    );
    this.settings = { ...pollSettings(240_000, null), pageRows: options.pageRows ?? 100, ...options.settings };
    this.follower = new Follower({
      storeUrl: 'https://shop.example',
      keys: this.shop.people.addKey('read'),
      settings: this.settings,
      world,
      areHeadsLate: options.areHeadsLate ?? false,
      ask: ({ url, headers }) => {
        world.pass(REQUEST_MS);
        try {
          return { kind: 'answered', answer: this.shop.handle({ method: 'GET', url, headers, body: null }) };
        } catch (error) {
          if (!(error instanceof LostConnection)) throw error;
          return { kind: 'not-answered', cause: error.kind === 'hang' ? 'timeout' : 'unreachable', detail: error.message };
        }
      },
    });
    this.follower.crashAt(options.crashes ?? []);
    for (const { afterMs, fromDays, toDays } of options.imports ?? []) world.in(afterMs, () => this.import(fromDays, toDays));
    world.in(0, () => this.poll());
  }

  /** Somebody asks for orders of these days; days that end before they begin are none. */
  import(fromDays: number, toDays: number): void {
    const now = this.world.now();
    this.follower.startImport({ from: now - fromDays * DAY_MS, to: now - toDays * DAY_MS });
  }

  /** Lets a history happen, polls going on beside it. */
  live(history: readonly Event[]): void {
    let at = 0;
    for (const { afterMs, action } of history) {
      at += afterMs;
      this.world.in(at, () => this.hands.do(action));
    }
    this.world.pass(at + this.settings.changesEveryMs * 2);
  }

  /**
   * From now on nothing happens in the shop; what is under way arrives; then every sweep comes due once, and what they ask to be read
   * again is read.
   */
  fullCycle(): void {
    this.settle();
    this.world.pass(this.settings.everythingEveryMs + this.settings.changesEveryMs);
    for (let turns = 0; turns < MAX_TURNS; turns += 1) {
      const { isThrough } = this.follower.turn();
      if (isThrough && this.follower.openRereads === 0 && !this.follower.isImporting) return;
      this.world.pass(this.settings.changesEveryMs);
    }
  }

  /** Nothing happens in the shop any more, what is under way arrives, and we ask nothing. */
  settle(): void {
    this.isPolled = false;
    this.world.passAll();
    for (let runs = 0; runs < QUEUE_RUNS; runs += 1) {
      if (this.shop.queue.run() instanceof Promise) throw new Error('deliveries of these tests take no time');
      this.world.passAll();
    }
    this.follower.foldHeads();
  }

  /** One look for changes, sweeps aside. */
  lookForChanges(): void {
    this.world.pass(this.settings.changesEveryMs);
    while (!this.follower.turn().isThrough) this.world.pass(this.settings.changesEveryMs);
  }

  /** From now on the shop answers no read of ours. */
  loseKeys(): void {
    this.shop.edge.fail({ kind: 'http-error', status: 401 });
  }

  /** Every difference between what we know and the shop, in words; orders created before `from` (epoch ms) need not be known. */
  differences(from = 0): string[] {
    const found: string[] = [];
    const alive = new Set<string>();
    for (const { id } of this.shop.orders.all()) {
      alive.add(String(id));
      const own = readOrderJson(this.shop.orderJson(id), { readAt: null, defaultCountry: null });
      if (own.kind !== 'order') throw new Error(`the shop's own order ${id} cannot be read: ${own.detail}`);
      const state = this.follower.orders.get(String(id));
      if (state === undefined) {
        if (own.content.createdAt >= from) found.push(`${id} is not known`);
      } else if (statusOf(state) !== own.content.status) found.push(`${id} is ${own.content.status}, known as ${statusOf(state)}`);
      else if (state.observed?.contentHash !== own.contentHash) found.push(`${id} has other content`);
      else if (state.head?.modifiedAt !== own.modifiedAt) found.push(`${id} has another modification date`);
      else if (isDeletionUnconfirmed(state)) found.push(`${id} was reported deleted and nobody looked`);
    }
    for (const [id, state] of this.follower.orders)
      if (!alive.has(id) && !state.isVanished && state.observed !== null) found.push(`${id} is gone`);
    return found;
  }

  private poll(): void {
    if (!this.isPolled) return;
    // Appointments happen while the poller asks: its next turn is made only after this one.
    const { due } = this.follower.turn();
    this.world.in(Math.max(1_000, due - this.world.now()), () => this.poll());
  }

  private deliver(delivery: ShopDelivery | EventDelivery, fates: readonly Fate[]): DeliveryResult {
    if (delivery.kind !== 'event') return 200;
    const fate = fates[this.deliveries % fates.length] ?? { kind: 'taken' };
    this.deliveries += 1;
    const receive = (): void => this.follower.receive(delivery.headers, delivery.body);
    switch (fate.kind) {
      case 'lost':
        return 200;
      case 'refused':
        return 500;
      case 'late': {
        const { headers, body } = delivery;
        this.world.in(fate.byMs, () => this.follower.receive(headers, body));
        return 200;
      }
      case 'twice':
        receive();
        receive();
        return 200;
      case 'taken':
        receive();
        return 200;
    }
  }
}
