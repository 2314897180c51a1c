import type { Json } from '../json/json.ts';
import type { Ground } from '../shop/ground.ts';
import { isReachable, SignedEvent, type Deliver, type DeliveryResult } from './delivery.ts';
import type { Webhook, WebhookRegistry } from './webhook-registry.ts';

/** @see Action Scheduler's defaults: 25 actions per batch, 30 seconds per run, one run a minute when somebody visits */
const BATCH_SIZE = 25;
const RUN_LIMIT_MS = 30_000;
const CRON_INTERVAL_MS = 60_000;

interface Action {
  readonly webhookId: number;
  readonly resourceId: number;
}

export interface QueueOptions {
  /** In the order in which actions were scheduled, or any order within a batch, as was seen. */
  readonly order: 'scheduled' | 'any';
  /** How a visit starts the queue: the loopback request takes a moment, which in memory is none. */
  readonly spawn: (run: () => void) => void;
}

/** The resource as the webhook's owner sees it now, or the error instead. */
export type PayloadOf = (webhook: Webhook, resourceId: number) => Json;

/** Deliveries that wait: at most one per webhook and resource, made when its turn comes, never repeated. */
export class DeliveryQueue {
  readonly #ground: Ground;
  readonly #registry: WebhookRegistry;
  readonly #deliver: Deliver;
  readonly #payloadOf: PayloadOf;
  readonly #options: QueueOptions;
  readonly #salt: string;
  readonly #pending = new Map<string, Action>();
  #isRunning = false;
  #nextCronAtMs = Number.NEGATIVE_INFINITY;

  constructor(ground: Ground, registry: WebhookRegistry, deliver: Deliver, payloadOf: PayloadOf, options: QueueOptions) {
    this.#ground = ground;
    this.#registry = registry;
    this.#deliver = deliver;
    this.#payloadOf = payloadOf;
    this.#options = options;
    this.#salt = ground.chance.text(64);
    ground.onHook((topic, id) => this.#schedule(topic, id));
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Somebody visited: runs the queue when its minute has come, unless the shop has no cron. */
  visit(): void {
    const now = this.#ground.clock.nowMs();
    if (!this.#ground.site.hasWpCron || now < this.#nextCronAtMs) return;
    this.#nextCronAtMs = now + CRON_INTERVAL_MS;
    if (this.#pending.size > 0) this.#options.spawn(() => void this.run());
  }

  /** Delivers what waits, one after the other; a Promise where delivering takes time. A second run beside the first does nothing. */
  run(): void | Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    return this.#work([], this.#ground.clock.nowMs() + RUN_LIMIT_MS);
  }

  #schedule(topic: string, resourceId: number): void {
    for (const { id: webhookId, status, topic: wanted } of this.#registry.all()) {
      // What waits already will say it all when its turn comes.
      if (status === 'active' && wanted === topic) this.#pending.set(`${webhookId}:${resourceId}`, { webhookId, resourceId });
    }
  }

  #claim(): Action[] {
    const claimed: Action[] = [];
    for (const [key, action] of this.#pending) {
      if (claimed.length === BATCH_SIZE) break;
      claimed.push(action);
      this.#pending.delete(key);
    }
    return this.#options.order === 'any' ? this.#ground.chance.shuffled(claimed) : claimed;
  }

  /** Goes on without waiting as long as the receiver answers at once. */
  #work(batch: readonly Action[], untilMs: number): void | Promise<void> {
    let rest = batch;
    for (;;) {
      if (rest.length === 0) rest = this.#ground.clock.nowMs() < untilMs ? this.#claim() : [];
      const [action, ...others] = rest;
      if (action === undefined) {
        this.#isRunning = false;
        return;
      }
      rest = others;
      const result = this.#execute(action);
      if (result instanceof Promise) return result.then(() => this.#work(others, untilMs));
    }
  }

  /** Neither asks whether the webhook is still active nor repeats anything. */
  #execute({ webhookId, resourceId }: Action): void | Promise<void> {
    const webhook = this.#registry.find(webhookId);
    if (webhook === undefined) return;
    const { site, clock } = this.#ground;
    const event = new SignedEvent({
      site,
      salt: this.#salt,
      webhookId,
      topic: webhook.topic,
      url: webhook.deliveryUrl,
      secret: webhook.secret,
      atSeconds: clock.nowSeconds(),
      payload: this.#payloadOf(webhook, resourceId),
    });
    const settle = (result: DeliveryResult): void => {
      if (result !== 'php-died') this.#registry.record(webhook, result);
    };
    const result = isReachable(site, webhook.deliveryUrl) ? this.#deliver(event) : null;
    return result instanceof Promise ? result.then(settle) : settle(result);
  }
}
