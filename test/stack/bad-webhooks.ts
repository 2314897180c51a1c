import { signedWebhook, type SignedWebhook } from '../builders/order.builder.js';
import { webhookSignature } from '../builders/php-json.js';
import type { Stack } from './stack.js';
import { postWebhook } from './tenant.js';

/** What was kept of a payload that could not be used. */
export interface Rejection {
  readonly reason: string;
  readonly detail: string;
  readonly reference: string | null;
  readonly topic: string;
  readonly size_bytes: number;
}

/** A shop's rejected payloads, oldest first. */
export const rejectionsOf = (stack: Stack, connectionId: string): Promise<Rejection[]> =>
  stack.sql.query<Rejection>(
    '',
    'select reason, detail, reference, topic, size_bytes from orders.rejections where connection_id = $1 order by received_at, event_id',
    [connectionId],
  );

/** Kinds of a connection's open alerts, sorted. */
export async function openAlerts(stack: Stack, connectionId: string): Promise<string[]> {
  const rows = await stack.sql.query<{ kind: string }>(
    '',
    'select kind from alerts.alerts where connection_id = $1 and closed_at is null order by kind',
    [connectionId],
  );
  return rows.map(({ kind }) => kind);
}

/** Any bytes, correctly signed. */
export const signedBytes = (rawBody: Buffer, secret: string, topic = 'order.updated'): SignedWebhook => ({
  rawBody,
  headers: {
    ...signedWebhook({}, secret, topic).headers,
    'content-length': String(rawBody.length),
    'x-wc-webhook-signature': webhookSignature(rawBody, secret),
  },
});

/** Delivers a webhook to the address with this token; answers the status. */
export async function postedStatus(stack: Stack, { token }: { readonly token: string }, webhook: SignedWebhook): Promise<number> {
  const answer = await postWebhook(stack.app('ingest').url, token, webhook);
  await answer.arrayBuffer();
  return answer.status;
}
