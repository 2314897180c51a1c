import type { WebhooksReport } from '../shop/shop-report.js';
import type { Unmanaged } from '../webhooks/managed-address.js';
import { managedTopics } from '../webhooks/managed-topics.js';
import { bad, good, note, type Check, type ShopScene } from './check-line.js';
import { ago } from './time-words.js';

const NAME = 'webhooks';
const BY_HAND_TODO =
  'Make one webhook for each of these topics by hand, with the connection’s address and secret (docs/connect-a-shop.md).';

const WHY: Readonly<Record<Unmanaged, readonly [what: string, todo: string | null]>> = {
  off: ['they are not managed: webhooks.manage is false', null],
  'no-address': ['they are not managed: nobody said where shops reach ingest', 'Set PUBLIC_INGEST_URL for ingest.'],
  'private-address': [
    'they are not managed: PUBLIC_INGEST_URL is private, so the shop cannot reach it',
    'Set PUBLIC_INGEST_URL to a public address.',
  ],
  port: ['they are not managed: WordPress does not send to the port of PUBLIC_INGEST_URL', 'Use port 80, 443 or 8080.'],
  'read-only': ['they are not managed: the keys may only read', null],
};

const missingFrom = (topics: readonly string[], wanted: readonly string[]): readonly string[] =>
  wanted.filter((topic) => !topics.includes(topic));

/** Without our own, webhooks made by hand do as well, and without those polling brings everything later. */
function checkUnmanaged({ unmanaged, byHand }: WebhooksReport, wanted: readonly string[], isPolled: boolean): Check {
  const [what, todo] = WHY[unmanaged ?? 'off'];
  const missing = missingFrom(byHand, wanted);
  if (missing.length === 0) return good(NAME, `${what}; those made by hand are active`);
  const all = `${what}; by hand there are ${byHand.length === 0 ? 'none' : byHand.join(', ')}`;
  return isPolled ? note(NAME, `${all}: polling brings the rest, later`, todo) : bad(NAME, all, todo ?? BY_HAND_TODO);
}

function checkManaged({ active, failure }: WebhooksReport, wanted: readonly string[]): readonly Check[] {
  const missing = missingFrom(active, wanted);
  const lines = wanted.filter((topic) => active.includes(topic)).map((topic) => good(`webhook ${topic}`, 'active'));
  const why = failure === null ? 'it is made with the next look' : `it could not be made (${failure.kind}: ${failure.detail})`;
  const todo = 'It is tried again within five minutes. A firewall in front of the shop may refuse it: «tributary alerts» says more.';
  return [...lines, ...missing.map((topic) => bad(`webhook ${topic}`, why, todo))];
}

function checkLast({ hasKeys, seen, now }: ShopScene): Check {
  const at = seen.webhook;
  if (at !== undefined) return good('last webhook', ago(at, now));
  if (hasKeys) return note('last webhook', 'none came yet; the first comes with the next order');
  return bad('last webhook', 'none came yet, and without REST keys nothing else brings orders', `${BY_HAND_TODO} Then save an order.`);
}

/** Whether what happens in the shop is announced, and whether it was lately. */
export function checkWebhooks(scene: ShopScene): readonly Check[] {
  const { report, hasKeys, settings } = scene;
  const webhooks = report?.webhooks ?? null;
  const isPolled = hasKeys && settings.polling.enabled;
  if (webhooks === null) {
    const what = isPolled ? 'they were not looked at yet; look again in a minute' : 'they cannot be seen without polling: made by hand';
    return [note(NAME, what), checkLast(scene)];
  }
  const wanted = managedTopics(settings.webhooks.resources);
  if (webhooks.unmanaged !== null) return [checkUnmanaged(webhooks, wanted, isPolled), checkLast(scene)];
  return [...checkManaged(webhooks, wanted), checkLast(scene)];
}
