import { BootstrapError } from '../bootstrap-error.mts';
import { waitUntil } from '../wait-until.mts';
import { DEMO_PRODUCT, type DemoOrder } from './demo-orders.mts';

/** Its webhooks are made at its first turn, after it was asked about itself. */
const CONNECTED_WITHIN_MS = 60_000;

interface ShopWebhook {
  readonly name: string;
  readonly status: string;
  readonly deliveryUrl: string;
  readonly isPingPending: boolean;
}

interface SentWebhook {
  /** Epoch ms. */
  readonly at: number;
  readonly kind: string;
  readonly body: string;
  /** What it was answered; null: nothing. */
  readonly status: number | null;
}

/** The demo's shop: a WooCommerce simulator, told what to do by its control API. */
export class DemoShopControl {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Waits until the shop has webhooks of ours that send to `ingestUrl`, each of which was answered. */
  async untilConnected(ingestUrl: string): Promise<void> {
    await waitUntil(
      { what: 'the webhooks of the demo’s shop (tributary check demo says more)', timeoutMs: CONNECTED_WITHIN_MS, intervalMs: 100 },
      async () => {
        const ours = (await this.#ask<readonly ShopWebhook[]>('GET', 'webhooks')).filter(({ name }) => name.startsWith('Tributary '));
        const areThere = ours.length > 0 && ours.every(({ deliveryUrl }) => deliveryUrl.startsWith(`${ingestUrl}/`));
        return areThere && ours.every(({ status, isPingPending }) => status === 'active' && !isPingPending) ? true : undefined;
      },
    );
  }

  /** The id of the demo's product, which is made in a new shop. */
  async product(): Promise<number> {
    const products = await this.#ask<readonly { readonly id: number; readonly sku: string }[]>('GET', 'products');
    const known = products.find(({ sku }) => sku === DEMO_PRODUCT.sku);
    return (known ?? (await this.#ask<{ readonly id: number }>('POST', 'products', DEMO_PRODUCT))).id;
  }

  /** Answers the order's id. */
  async place({ placed }: DemoOrder): Promise<{ readonly id: string; readonly status: string }> {
    const { id, status } = await this.#ask<{ readonly id: number; readonly status: string }>('POST', 'orders', placed);
    return { id: String(id), status };
  }

  async act(id: string, action: string, body: object): Promise<void> {
    await this.#ask('POST', `orders/${id}/${action}`, body);
  }

  /** When the first webhook about an order left after `sinceMs` and was answered; undefined when polling was quicker. */
  async sentAt(id: string, sinceMs: number): Promise<number | undefined> {
    const sent = await this.#ask<readonly SentWebhook[]>('GET', 'sent');
    const isAbout = (body: string): boolean => (JSON.parse(body) as { readonly id: number }).id === Number(id);
    return sent.find(({ at, kind, body, status }) => kind === 'event' && at >= sinceMs && status === 200 && isAbout(body))?.at;
  }

  async #ask<Answer>(method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> {
    const answer = await fetch(`${this.#url}/_control/${path}`, {
      method,
      signal: AbortSignal.timeout(10_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.ok) return (await answer.json()) as Answer;
    throw new BootstrapError(`The demo’s shop answered ${answer.status} to ${path}: ${(await answer.text()).slice(0, 300)}`);
  }
}
