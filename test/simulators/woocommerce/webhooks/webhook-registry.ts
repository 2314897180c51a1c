import type { Ground } from '../shop/ground.ts';
import { isReachable, pingOf, type Deliver, type DeliveryResult } from './delivery.ts';

export type WebhookStatus = 'active' | 'paused' | 'disabled';

/** A webhook as the shop keeps it; REST shows neither the secret nor the last two. */
export interface Webhook {
  readonly id: number;
  readonly userId: number;
  name: string;
  topic: string;
  status: WebhookStatus;
  deliveryUrl: string;
  secret: string;
  readonly createdAt: number;
  modifiedAt: number | null;
  /** Failures in a row; only a success sets it back, no edit does. */
  failureCount: number;
  /** True until a ping was answered 200; as long as it is, every save pings again. */
  isPingPending: boolean;
}

export interface WebhookInput {
  readonly topic: string;
  readonly deliveryUrl: string;
  readonly name?: string;
  /** Default: 50 characters of the shop's own, which it tells nobody. */
  readonly secret?: string;
  readonly userId?: number;
}

export type WebhookChange = Partial<Pick<Webhook, 'name' | 'topic' | 'status' | 'deliveryUrl' | 'secret'>>;

/** The 7th failure in a row disables: the counter is looked at before it grows. */
const MAX_COUNTED_FAILURES = 5;

export class WebhookRegistry {
  readonly #ground: Ground;
  readonly #deliver: Deliver;
  #webhooks = new Map<number, Webhook>();
  readonly #pings = new Set<Promise<void>>();

  constructor(ground: Ground, deliver: Deliver) {
    this.#ground = ground;
    this.#deliver = deliver;
  }

  /** Returns it as it was before the ping, which is sent at once and was answered when `pingsAnswered` resolves. */
  create(input: WebhookInput): Webhook {
    const id = this.#ground.nextId('webhook');
    const webhook: Webhook = {
      id,
      userId: input.userId ?? 1,
      name: input.name ?? `Webhook ${id}`,
      topic: input.topic,
      status: 'active',
      deliveryUrl: input.deliveryUrl,
      secret: input.secret ?? this.#ground.chance.text(50),
      createdAt: this.#ground.clock.nowSeconds(),
      modifiedAt: null,
      failureCount: 0,
      isPingPending: true,
    };
    this.#webhooks.set(id, webhook);
    const asCreated = { ...webhook };
    this.#ping(webhook);
    return asCreated;
  }

  update(id: number, change: WebhookChange): Webhook {
    const webhook = this.get(id);
    const hasMoved = change.deliveryUrl !== undefined && change.deliveryUrl !== webhook.deliveryUrl;
    Object.assign(webhook, change);
    this.#save(webhook, hasMoved);
    return webhook;
  }

  delete(id: number): void {
    this.#webhooks.delete(id);
  }

  find(id: number): Webhook | undefined {
    return this.#webhooks.get(id);
  }

  get(id: number): Webhook {
    const webhook = this.find(id);
    if (webhook === undefined) throw new Error(`this shop has no webhook ${id}`);
    return webhook;
  }

  all(): readonly Webhook[] {
    return [...this.#webhooks.values()];
  }

  /** Counts what came of a delivery; everything from 200 to 302 is a success. */
  record(webhook: Webhook, status: number | null): void {
    if (status !== null && status >= 200 && status < 303) webhook.failureCount = 0;
    else if (webhook.failureCount > MAX_COUNTED_FAILURES) webhook.status = 'disabled';
    else webhook.failureCount += 1;
    this.#save(webhook, false);
  }

  snapshot(): ReadonlyMap<number, Webhook> {
    return new Map([...this.#webhooks].map(([id, webhook]) => [id, { ...webhook }]));
  }

  restore(webhooks: ReadonlyMap<number, Webhook>): void {
    this.#webhooks = new Map([...webhooks].map(([id, webhook]) => [id, { ...webhook }]));
  }

  async pingsAnswered(): Promise<void> {
    await Promise.all(this.#pings);
  }

  #save(webhook: Webhook, hasMoved: boolean): void {
    webhook.modifiedAt = this.#ground.clock.nowSeconds();
    if (webhook.status === 'active' && (hasMoved || webhook.isPingPending)) this.#ping(webhook);
  }

  #ping(webhook: Webhook): void {
    const { site } = this.#ground;
    if (!isReachable(site, webhook.deliveryUrl)) return;
    const answered = (status: DeliveryResult): void => {
      if (status !== 200) return;
      webhook.isPingPending = false;
      webhook.modifiedAt = this.#ground.clock.nowSeconds();
    };
    const result = this.#deliver(pingOf(site, webhook.id, webhook.deliveryUrl));
    if (!(result instanceof Promise)) return answered(result);
    const ping: Promise<void> = result.then(answered).finally(() => this.#pings.delete(ping));
    this.#pings.add(ping);
  }
}
