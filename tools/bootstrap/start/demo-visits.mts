import { randomUUID } from 'node:crypto';
import { BootstrapError } from '../bootstrap-error.mts';
import { waitUntil } from '../wait-until.mts';

const KNOWN_WITHIN_MS = 20_000;
const SENT_WITHIN_MS = 15_000;

/** The connection of the demo's tenant file that takes visits. */
export interface DemoPages {
  readonly collectUrl: string;
  readonly writeKey: string;
  readonly origin: string;
}

interface Result {
  readonly eventId: string;
  readonly status: string;
  readonly code?: string;
}

/** What one visitor does who comes from an advertisement and buys nothing yet, as the script on the shop's pages tells it. */
function visit(origin: string, nowMs: number): readonly Readonly<Record<string, unknown>>[] {
  const product = {
    contentType: 'product',
    contents: [{ contentId: 'CAFE-250', name: 'Café de grano 250 g', price: 12_990, quantity: 1 }],
  };
  const value = { value: '12990', currency: 'CLP' };
  const steps = [
    { type: 'page_view', url: `${origin}/?utm_source=tiktok&ttclid=E.C.P.demo-click`, referrer: 'https://www.tiktok.com/' },
    { type: 'product_view', url: `${origin}/product/cafe/`, ...product, ...value },
    { type: 'cart_add', url: `${origin}/product/cafe/`, ...product, ...value },
    { type: 'checkout_start', url: `${origin}/checkout/`, ...product, ...value },
  ];
  return steps.map((step, index) => ({
    eventId: randomUUID(),
    occurredAt: new Date(nowMs - (steps.length - index) * 1_000).toISOString(),
    ...step,
  }));
}

/** Sends the visit through the front door; answers the ids of its events that were accepted. */
export async function sendVisit(pages: DemoPages, visitorId: string, nowMs: number): Promise<readonly string[]> {
  const body = JSON.stringify({ writeKey: pages.writeKey, visitorId, consent: { ads: 'granted' }, events: visit(pages.origin, nowMs) });
  const post = (): Promise<Response> =>
    fetch(pages.collectUrl, {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/plain', origin: pages.origin, 'user-agent': BROWSER },
    });
  const answer = await waitUntil({ what: 'ingest knowing the demo’s write key', timeoutMs: KNOWN_WITHIN_MS }, async () => {
    const response = await post();
    return response.status === 401 ? undefined : response;
  });
  if (!answer.ok) throw new BootstrapError(`The demo’s visit was answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`);
  const { results } = (await answer.json()) as { readonly results: readonly Result[] };
  return results.filter(({ status }) => status === 'accepted').map(({ eventId }) => eventId);
}

interface Received {
  readonly accepted: readonly { readonly event: string; readonly eventId: string }[];
}

/** Names of the events that TikTok's simulator has of these, once it has `expected` of them or time is up. */
export async function conversionsOf(simulatorUrl: string, eventIds: readonly string[], expected: number): Promise<readonly string[]> {
  let names: readonly string[] = [];
  await waitUntil({ what: 'the visit’s conversions', timeoutMs: SENT_WITHIN_MS, intervalMs: 100 }, async () => {
    const answer = await fetch(`${simulatorUrl}/_control/received`, { signal: AbortSignal.timeout(5_000) });
    const { accepted } = (await answer.json()) as Received;
    names = accepted.filter(({ eventId }) => eventIds.includes(eventId)).map(({ event }) => event);
    return names.length >= expected ? true : undefined;
  }).catch(() => undefined);
  return names;
}

const BROWSER = 'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Mobile Safari/537.36';
