import { conflictsAmong } from './conflicting-plugins.js';
import { bad, good, note, type Check, type ShopScene } from './check-line.js';
import { ago, lengthInWords } from './time-words.js';

const SECOND = 1_000;
const DAY = 86_400_000;
const WEBHOOKS_ONLY = 'no REST keys: webhooks only, so what a webhook loses stays lost';
const GIVE_KEYS = 'Give consumerKey and consumerSecret, or run «tributary connect woocommerce».';

/** WordPress refuses signed requests that are 15 minutes off. @see docs/polling.md */
const CLOCK_BAD_MS = 10 * 60 * SECOND;
const CLOCK_NOTED_MS = 60 * SECOND;
/** A shop that fails is asked at least every half hour. */
const POLL_LATE_MS = 10 * 60 * SECOND;
const POLL_LATE_INTERVALS = 3;

const FAILURE_TODO: Readonly<Record<string, string>> = {
  'refuses-keys':
    'Make new keys (WooCommerce, Settings, Advanced, REST API) for a user who may see orders, or run «tributary connect woocommerce».',
  'private-address': 'Correct storeUrl, or set ALLOW_PRIVATE_STORE_HOSTS for a shop in a private network.',
  'redirected-elsewhere': 'Put the address that it redirects to into storeUrl.',
  'no-rest-api': 'Check storeUrl, and choose anything but “Plain” under Settings, Permalinks.',
  'our-fault': 'The log of ingest says what went wrong; it is tried again every minute.',
};
const ANY_FAILURE_TODO = '«tributary alerts» says more; it is tried again, more and more slowly.';

function checkReach({ hasKeys, settings, poll, report }: ShopScene): Check {
  if (!hasKeys) return note('shop', WEBHOOKS_ONLY, GIVE_KEYS);
  if (!settings.polling.enabled) return note('shop', 'polling is off, so the shop is never asked', 'Set polling.enabled to true.');
  const failure = poll?.failure ?? null;
  if (failure !== null)
    return bad('shop', `it cannot be read (${failure}, ${poll?.failures ?? 1} times in a row)`, FAILURE_TODO[failure] ?? ANY_FAILURE_TODO);
  if (poll?.polledAt === null || poll === null) return note('shop', 'it was not asked yet; look again in a minute');
  const version = report?.system?.woocommerceVersion ?? '';
  return good('shop', version === '' ? 'it answers' : `it answers (WooCommerce ${version})`);
}

function checkPoll({ hasKeys, settings, poll, now }: ShopScene): readonly Check[] {
  const polledAt = poll?.polledAt ?? null;
  if (!hasKeys || !settings.polling.enabled || polledAt === null) return [];
  const lateMs = Math.max(POLL_LATE_MS, POLL_LATE_INTERVALS * settings.polling.refreshIntervalSeconds * SECOND);
  const what = `read ${ago(polledAt, now)}`;
  if (now - polledAt <= lateMs) return [good('last poll', what)];
  return [bad('last poll', what, 'Is a process of ingest with the role poller running? «shop» above may say why it cannot be read.')];
}

function checkKeys({ hasKeys, poll, report }: ShopScene): readonly Check[] {
  if (!hasKeys) return [];
  if (poll?.failure === 'refuses-keys') return [bad('keys', 'the shop refuses them', FAILURE_TODO['refuses-keys'] ?? '')];
  const webhooks = report?.webhooks ?? null;
  if (webhooks?.unmanaged === 'read-only')
    return [note('keys', 'they may read: polling alone brings everything, only slower', 'For webhooks give keys that may read and write.')];
  if (webhooks !== null && webhooks.unmanaged === null && webhooks.failure === null) return [good('keys', 'they may read and write')];
  return (report?.askedAt ?? null) === null ? [] : [good('keys', 'they may read; writing was not tried')];
}

function checkClock({ report }: ShopScene): readonly Check[] {
  const ahead = report?.clockAheadMs ?? null;
  if (ahead === null) return [];
  const what = `the shop’s is ${lengthInWords(ahead)} ${ahead < 0 ? 'behind' : 'ahead of'} ours`;
  if (Math.abs(ahead) >= CLOCK_BAD_MS)
    return [bad('clock', what, 'Set the shop’s clock right (NTP), or ours: signed requests are refused when they differ by 15 minutes.')];
  if (Math.abs(ahead) >= CLOCK_NOTED_MS) return [note('clock', what)];
  return [good('clock', 'the shop’s and ours agree')];
}

function checkCron({ report, seen, now }: ShopScene): readonly Check[] {
  const hasWpCron = report?.system?.hasWpCron ?? null;
  if (hasWpCron === null) return [];
  if (hasWpCron) return [good('cron', 'visits of the site send its webhooks')];
  if (now - (seen.webhook ?? Number.NEGATIVE_INFINITY) < DAY)
    return [good('cron', 'DISABLE_WP_CRON is set, and webhooks come: a cron of the host runs')];
  return [
    bad(
      'cron',
      'DISABLE_WP_CRON is set and no webhook came for a day',
      'Let a cron of the host call /wp-cron.php every minute, or take DISABLE_WP_CRON out of wp-config.php.',
    ),
  ];
}

const checkPlugins = ({ report }: ShopScene): readonly Check[] => {
  const system = report?.system ?? null;
  if (system === null) return [];
  const conflicts = conflictsAmong(system.activePlugins);
  if (conflicts.length === 0) return [good('plugins', 'none that sends the same')];
  return conflicts.map(({ name, todo }) => bad('plugins', `${name} is active and sends the same`, todo));
};

/** The shop itself: whether it is there, lets us in, keeps time, runs its queue, and sends nothing twice. */
export const checkSystem = (scene: ShopScene): readonly Check[] => [
  checkReach(scene),
  ...checkPoll(scene),
  ...checkKeys(scene),
  ...checkClock(scene),
  ...checkCron(scene),
  ...checkPlugins(scene),
];
