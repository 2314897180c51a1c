import { orderBody, signedWebhook, type SignedWebhook } from '../builders/order.builder.js';
import { eventually } from '../stack/eventually.js';
import { postWebhook } from '../stack/tenant.js';
import type { Acknowledgement } from './history.js';

export const TENANT = 'acme';
const TOKEN = 'token-of-the-shop-01';
const SECRET = 'secret-of-the-shop';

/** The shop and the pixel of every fault test. */
export const faultTenant = {
  id: TENANT,
  shops: [{ id: 'shop', token: TOKEN, webhookSecret: SECRET }],
  pixels: [{ id: 'ads', accessToken: 'token-of-the-pixel', settings: { pixelCode: 'PIXEL1' } }],
};

export interface ShopWebhook {
  readonly orderId: string;
  readonly isPurchase: boolean;
  readonly signed: SignedWebhook;
}

/** `known`: one buyer for all, whose keys are at hand; `new`: each order brings a mail address that nobody has seen. */
export type Buyers = 'known' | 'new';

const MINUTE_MS = 60_000;
const gmt = (epochMs: number): string => new Date(epochMs).toISOString().slice(0, 19);

function webhookOf(orderId: string, status: 'pending' | 'processing', buyers: Buyers, nowMs: number): ShopWebhook {
  const isPurchase = status === 'processing';
  const { billing } = orderBody() as { readonly billing: object };
  const body = orderBody({
    id: Number(orderId),
    number: orderId,
    status,
    date_created_gmt: gmt(nowMs - MINUTE_MS),
    date_modified_gmt: gmt(isPurchase ? nowMs : nowMs - MINUTE_MS),
    date_paid_gmt: isPurchase ? gmt(nowMs) : null,
    ...(buyers === 'known' ? {} : { billing: { ...billing, email: `zoe.ohiggins+${orderId}@example.com` } }),
  });
  return { orderId, isPurchase, signed: signedWebhook(body, SECRET) };
}

const MIX: readonly (readonly ('pending' | 'processing')[])[] = [
  ['processing'],
  ['pending', 'processing'],
  ['processing', 'processing', 'processing'],
  ['processing', 'pending'],
  ['pending'],
];

/** Webhooks of `count` orders: of five, one once, one paid later, one three times, one with a late old state, one never paid. */
export function ordersOf(first: number, count: number, buyers: Buyers = 'known'): ShopWebhook[] {
  const nowMs = Date.now();
  return Array.from({ length: count }, (_, index) => {
    const orderId = String(first + index);
    return (MIX[index % MIX.length] ?? []).map((status) => webhookOf(orderId, status, buyers, nowMs));
  }).flat();
}

/** One paid order each. */
export function paidOrders(first: number, count: number, buyers: Buyers = 'known'): ShopWebhook[] {
  const nowMs = Date.now();
  return Array.from({ length: count }, (_, index) => webhookOf(String(first + index), 'processing', buyers, nowMs));
}

const AT_ONCE = 8;
const ACKNOWLEDGED_WITHIN_MS = 60_000;

/** The shops: they send, note what was acknowledged, and send again only what was not. */
export class Load {
  readonly acknowledged: Acknowledgement[] = [];
  /** Answers other than 200, and connections that broke before an answer. */
  refusals = 0;

  constructor(private readonly ingestUrl: () => string) {}

  /** Resolves when every webhook was acknowledged. */
  async send(webhooks: readonly ShopWebhook[]): Promise<void> {
    const waiting = [...webhooks];
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await this.untilAcknowledged(next);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  /** Sends mixed orders, `perSecond` of them, until told to stop; `stop` resolves when all of them were acknowledged. */
  keepSending(first: number, perSecond: number, buyers: (index: number) => Buyers): { readonly sent: () => number; stop(): Promise<void> } {
    const sending: Promise<void>[] = [];
    let index = 0;
    const timer = setInterval(() => {
      const mixed = MIX[index % MIX.length] ?? [];
      const webhooks = mixed.map((status) => webhookOf(String(first + index), status, buyers(index), Date.now()));
      index += 1;
      const sent = webhooks.map((webhook) => this.untilAcknowledged(webhook));
      // A failure is the test's to see at `stop`, not the process's end before that.
      for (const one of sent) one.catch(() => undefined);
      sending.push(...sent);
    }, 1_000 / perSecond);
    return {
      sent: () => index,
      stop: async () => {
        clearInterval(timer);
        await Promise.all(sending);
      },
    };
  }

  /** One try; answers the status, or null when there was no answer. */
  async post({ orderId, isPurchase, signed }: ShopWebhook): Promise<number | null> {
    const status = await postWebhook(this.ingestUrl(), TOKEN, signed).then(
      (answer) => answer.status,
      () => null,
    );
    if (status === 200) this.acknowledged.push({ orderId, isPurchase, at: Date.now() });
    else this.refusals += 1;
    return status;
  }

  private untilAcknowledged(webhook: ShopWebhook): Promise<void> {
    return eventually(`order ${webhook.orderId} is acknowledged`, ACKNOWLEDGED_WITHIN_MS, async () => (await this.post(webhook)) === 200);
  }
}
