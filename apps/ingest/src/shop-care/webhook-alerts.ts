import type { AlertToOpen } from '@tributary/domain';
import type { BrokenWebhook, LookFailure, WebhookFault } from '@tributary/sources';
import type { ShopId } from '@tributary/stream';

const FAULTS: Readonly<Record<Exclude<WebhookFault, 'moved'>, string>> = {
  disabled: 'disabled by the shop, which does so after seven failed deliveries in a row',
  paused: 'paused',
  missing: 'deleted',
  edited: 'edited',
  'secret-edited': 'signing with another secret than ours',
};

/** Answers that heal by themselves and have alerts of their own in polling. */
const PASSING: ReadonlySet<LookFailure['kind']> = new Set([
  'timeout',
  'unreachable',
  'throttled',
  'shop-error',
  'cached',
  'redirected-elsewhere',
]);

/** What to tell a person about webhooks that were found broken, or that the shop will not make; null: nothing. */
export function brokenWebhooksAlert(
  { tenantId, connectionId }: ShopId,
  broken: readonly BrokenWebhook[],
  { mayOnlyRead, failure }: { readonly mayOnlyRead: boolean; readonly failure: LookFailure | null },
): AlertToOpen | null {
  const isRefused = failure !== null && !PASSING.has(failure.kind);
  // That ingest has moved is our own doing.
  const found = broken.flatMap(({ topic, fault }) => (fault === 'moved' ? [] : [`${topic} (${FAULTS[fault]})`]));
  if (found.length === 0 && !isRefused) return null;
  const what = [
    ...(found.length === 0 ? [] : [`Webhooks in the shop were not in order: ${found.join(', ')}.`]),
    mayOnlyRead
      ? 'They could not be made anew: the REST keys may only read by now.'
      : failure === null
        ? 'They were made anew, and what was missed is read by polling.'
        : `Webhooks could not be made anew (${failure.kind}: ${failure.detail}); polling goes on.`,
  ];
  const todo = mayOnlyRead
    ? 'Give keys with read and write permission, or leave it to polling, which is slower.'
    : isRefused
      ? 'It is tried again every few minutes. A firewall in front of the shop, or its host, may refuse the request: let this installation through.'
      : 'Nothing, if it happened once; this closes by itself. Again and again: the shop cannot reach PUBLIC_INGEST_URL in time (certificate, firewall, redirect), or somebody edits its webhooks. To make webhooks by hand set webhooks.manage to false.';
  return { tenantId, connectionId, kind: 'shop-webhooks-broken', what: what.join(' '), todo };
}
